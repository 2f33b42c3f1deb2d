# Every word that people read on a page. `{ $name }` is a value; `-js-` keys are said by scripts.

# Frame
history = History
status-page = Status
pages = Pages
page-of-its-own = Open in a tab of its own
skip = Skip to the content
notices = Notices
language = Language
theme = Theme
theme-system = Like the system
theme-light = Light
theme-dark = Dark
times-of = Times are those of { $zone }.
refused-title = New runs can't be written down.
refused-keeps = Nothing is lost as long as ComfyUI keeps running.
refused-files-title = New files can't be kept.
refused-files-keeps = Runs are still recorded, and their files are fetched as soon as they can be kept; previews are lost if ComfyUI restarts before that.
orphaned-title = The records of earlier runs are gone.
orphaned = recall.db was missing or empty when comfy-recall started, though the files of those runs are still there. To have the runs back, stop comfy-recall and restore a backup: { $command }. To begin anew on purpose, move the blobs folder away.
away-title = { $name } is away
away-since = since { $time } ({ $span }).
away-address = It should be at { $address }.
low-disk-title = Little room is left on the disk.
low-disk = { $free } of { $total } are left where comfy-recall keeps its data. Make room before what ComfyUI makes no longer fits.
missed-title = Runs of { $name } may be missing.
missed-away = It was restarted or cleared between { $from } and { $until }.
missed-stopped = It was restarted or cleared while comfy-recall was off, { $from } – { $until }.
missed-more = Details
missed-dismiss = Don't show this again
catching-up = Catching up with { $name }.
catching-up-runs = { $n ->
    [one] One run from before was read so far; older ones appear as they come in.
   *[other] { $n } runs from before were read so far; older ones appear as they come in.
}
preferences = Preferences
sign-in = Sign in
sign-out = Sign out
password = Password
sign-in-wrong = That isn't the password.
sign-in-too-many = { $n ->
    [one] Too many attempts. Try again in a second.
   *[other] Too many attempts. Try again in { $n } seconds.
}
description = Everything that ComfyUI made, for good.

# Values
status-pending = Waiting
status-in-progress = Running
status-completed = Completed
status-failed = Failed
status-cancelled = Cancelled
status-lost = Lost
why-interrupted = Somebody stopped it while it ran.
why-dequeued = It was taken out of the queue before it ran.
why-comfyui-restarted = ComfyUI ended while it waited or ran, or its history was cleared.
why-history-deleted = It ended, but was deleted from ComfyUI's history before its result could be read.
why-lost = ComfyUI went away with it.
why-pending = It waits in ComfyUI's queue.
why-in-progress = ComfyUI works on it.
files-pending = Being fetched
files-stored = Kept
files-missing = Files missing
kind-image = Image
kind-video = Video
kind-audio = Audio
kind-text = Text
kind-model3d = 3D model
kind-other = File
date-short = %-d %b %Y
date-day = { $weekday }, %-d %B
date-day-year = { $weekday }, %-d %B %Y
date-clock = { $date }, { $clock }
date-month = %B %Y
weekday = { $day ->
    [Mon] Monday
    [Tue] Tuesday
    [Wed] Wednesday
    [Thu] Thursday
    [Fri] Friday
    [Sat] Saturday
   *[Sun] Sunday
}
weekday-narrow = { $day ->
    [Mon] Mo
    [Tue] Tu
    [Wed] We
    [Thu] Th
    [Fri] Fr
    [Sat] Sa
   *[Sun] Su
}
duration-millis = { $millis } ms
duration-seconds = { $seconds } s
duration-minutes = { $minutes } min { $seconds } s
duration-hours = { $hours } h { $minutes } min
run-number = Run { $id }

# History
turn = Number { $n } in the queue
more-outputs = { $n ->
    [one] and one more output
   *[other] and { $n } more outputs
}
matches = { $n ->
    [one] { $n } run
   *[other] { $n } runs
}
today = Today
yesterday = Yesterday
any-day = Any day
days = Days
days-between = { $first } to { $last }
days-since = Since { $first }
days-until = Until { $last }
last-days = Last { $n } days
filter-history = Filter the history
status = Status
any-status = Any status
unfinished = Without result
kind-of-output = Kind of output
any-kind = Any output
instance = Server
any-instance = Any server
previews = Previews
previews-hint = Count temporary previews of runs that also saved something
show = Show
show-all = Show all
active-filters = Active filters
remove-filter = Remove this filter
remove-filter-named = Remove the filter { $name }
chip-prompt = Prompt { $id }
chip-from = From { $time }
chip-to = Before { $time }
list-separator = , {""}
sentence-gap = {" "}
no-files = No files
earlier-month = Earlier month
later-month = Later month
close = Close
first-day = From
last-day = To
newest = Newest
newer = Newer
older = Older
newer-pages = Newer pages
older-pages = Older pages
from-here = Everything from here on
empty-title = Nothing recorded yet
empty-hint = Queue something in ComfyUI, and it appears here: while it waits, while it runs, and for good.
empty-no-instance = No ComfyUI is listened to so far. Start comfy-recall with { $option }.
instance-connected = { $name } is connected at
instance-connecting = { $name } is being tried at
instance-away = { $name } doesn't answer at
instance-away-hint = Start ComfyUI, or, if it has another address, start comfy-recall with { $option }.
nothing-matches = Nothing matches
nothing-matches-hint = No recorded run fits all of these filters.
that-was-all = That was all
that-was-all-hint = There is nothing older than what you have seen.

# Search
find = Search
find-placeholder = Search prompts, models, files …
find-clear = Clear the search
find-help = How to search
find-worded = Read as a date. Search for the text instead: { $words }
find-did-you-mean = Did you mean { $words }?
example-words = These words, in any order: in prompt, model, LoRA, workflow, files, texts and errors. The last one may go on.
example-phrase = One after the other
example-without = Without this word
example-or = One or the other
example-models = In one field only
example-exact = Exactly so, as the lists of values write it
example-sampling = How it was sampled; ranges for numbers
example-size = Size in pixels, frames
example-seed = This seed
example-texts = In the negative prompt; node types; the name of the workflow
example-files = Names of outputs and inputs; what failed
example-state = How it ended, and what came out
example-traits = What a run is or has
example-days = When; also date:2026-11-20, after:2026-11-01 and before:2026-12-01
mistake-field = There is no field “{ $field }”.
mistake-quote = To search for the words, put them in quotes.
mistake-value = “{ $value }” is nothing for { $field }.
mistake-long = The search is too long: use at most { $n } characters.
mistake-many = The search has too many parts: use at most { $n }.
mistake-deep = There are too many parentheses within each other: use at most { $n }.
expected-one-of = Use one of { $words }.
expected-number = Use a number, >20, <=20 or 20..30.
expected-duration = Use seconds, or a time such as >2m or 1m..2m.
expected-seed = Use a whole number.
expected-date = Use today, yesterday, 7d, 2026-11-20, 2026-11 or 2026-11-01..yesterday.
expected-moment = Use a day such as 2026-11-20, or 7d for seven days ago.
expected-words = Use words, or a phrase in quotes.
field-model = Checkpoint or diffusion model
field-lora = LoRA
field-prompt = What was asked for
field-negative = What was asked to be left out
field-workflow = Name or id of the workflow
field-node = Node type or title
field-sampler = Sampler
field-scheduler = Scheduler
field-seed = Seed
field-steps = Steps: 20, >20, 20..30
field-cfg = CFG: 7, <3, 3..5
field-guidance = Guidance of Flux models
field-denoise = Denoise: 1, <1
field-width = Pixels across
field-height = Pixels down
field-length = Frames
field-duration = How long it ran: >2m
field-status = How it ended
field-kind = Kind of output
field-error = What the error says
field-file = Name of an output or input
field-text = Text that a node gave
field-instance = Server
field-date = Days on which it was queued
field-before = Queued before
field-after = Queued after
field-is = Preview, status, kind
field-has = What there is of it
value-today = Today
value-yesterday = Yesterday
value-temp = Temporary previews
value-error = An error
value-workflow = The editor's workflow
value-lora = LoRAs
value-negative = A negative prompt
value-input = Input files
value-file = Output files
value-preview = Previews
search-everything = Search everything
refine = Refine
facet-model = Models
facet-lora = LoRAs
facet-sampler = Samplers
facet-node = Node types
facet-workflow = Workflows
facet-more = + { $n } more
facet-not = not
facet-without = Without { $value }
facet-at-least = At least { $n }
facet-none = There is nothing to refine by.
indexing-title = Still indexing.
indexing = { $waiting } of { $runs } runs to go; a search may miss some.

# Keys
keys = Keys
keys-arrows = From card to card
keys-ends = First card, last card
keys-enter = Open it
keys-beside = Of a run: the newer one, the older one
keys-filter = To the search box
keys-map = These keys
keys-escape = Close what is open; of a run, back to the history

# Status
span-seconds = { $n } s
span-minutes = { $n } min
span-days = { $days } d { $hours } h
status-ago = { $span } ago
status-for = for { $span }
status-none = No ComfyUI is listened to so far.
status-none-hint = Start comfy-recall with { $option }.
state-connected = Connected
state-connecting = Connecting
state-away = Away
status-open = Open ComfyUI at { $address }
status-last-run = Last run
status-no-run = None yet
status-queue = Queue
status-running = { $n } running
status-waiting = { $n } waiting
status-recorded = Recorded
status-runs = { $n } runs
status-catching-up = Catching up
status-caught = { $n ->
    [one] one run so far
   *[other] { $n } runs so far
}
status-version = Version
status-device = Device
status-former = No longer listened to
gaps = Gaps
gaps-about = Times in which runs may have been missed. What ComfyUI still knew afterwards was read back.
gaps-none = No gaps: ComfyUI was heard all the time.
gap-away = ComfyUI was away
gap-away-now = ComfyUI is away
gap-stopped = comfy-recall didn't run
gap-unseen = Runs came and went unseen
gap-runs = { $n ->
    [one] { $n } run missed
   *[other] { $n } runs missed
}
gap-missed = May have missed runs
gap-whole = Everything was read back
gap-unknown = Not known yet what was missed
gap-now = now
gap-lasting = Still lasting
gaps-newest = The newest { $n } gaps are shown.
storage = Storage
storage-writable = Writable
storage-refused = Not writable
storage-disk = Disk
storage-left = { $free } of { $total } left
storage-low = Little left
storage-records = Records
storage-runs = Runs
storage-index = Search
index-complete = All runs are indexed
storage-files = Files
storage-files-size = { $size } in { $files }
storage-pending = To be fetched
storage-missing = Missing
storage-missing-hint = These couldn't be copied: they were deleted or overwritten too soon, or ComfyUI doesn't hand them out. If ComfyUI's folders are on this machine, tell comfy-recall with { $option }, and files are taken as they are written.
files-count = { $n ->
    [one] { $n } file
   *[other] { $n } files
}
versions = Versions
versions-uptime = At work
versions-since = since { $time }

# Troubles
trouble-nobody-answers = Nobody answers.
trouble-timed-out = No answer came in time.
trouble-connection-broke = The connection broke.
trouble-connection-closed = ComfyUI closed the connection.
trouble-not-comfyui = Something other than ComfyUI answers.
trouble-certificate-untrusted = Its certificate isn't trusted.
trouble-no-tls = It speaks no TLS.
trouble-tls-failed = TLS failed.
trouble-tls-wanted = It refused the request.
trouble-unauthorized = It wants to know who asks.
trouble-redirected = It sends us elsewhere.
trouble-wrong-path = It has nothing at this path.
trouble-server-error = It answered with an error.
trouble-unusable = The address can't be used.
trouble-overwritten = A later run wrote over it before it could be copied.
trouble-temp-deleted = Gone from ComfyUI's temp folder before it could be copied.
trouble-deleted = ComfyUI has no such file: it was deleted, renamed, or never written under this name.
trouble-unknown-folder = ComfyUI has no such folder.
trouble-outside-folders = It lies outside of ComfyUI's folders, and ComfyUI hands out nothing from there.
trouble-impossible-name = No file can have such a name.
trouble-not-handed-out = ComfyUI doesn't hand out a file of this name; it may still be there.
trouble-other-drive = It lies on another drive than ComfyUI's folder, and ComfyUI hands out nothing from there.
trouble-keeps-failing = ComfyUI failed each time it was asked for it.
trouble-maybe-overwritten = This file was written over while the run waited or ran. These may not be the bytes that the run read.
trouble-written-later = This file was written again after the run had ended. These may not be the bytes that the run read.
trouble-changing = It changed while it was copied.
trouble-unreadable = It can't be read.
trouble-too-slow = This file came too slowly to be waited for.
trouble-too-large = This file would leave the disk no room for anything else.
trouble-disk-full = The disk is full.
trouble-no-inodes = The disk takes no more files, though it has room left.
trouble-files-refused = The folder of files can't be written.
trouble-records-refused = The database can't be written.
hint-start = Start ComfyUI; it is recorded as soon as it is there. If it has another address, tell comfy-recall with `--comfyui`.
hint-wait = comfy-recall tries again by itself.
hint-address = Check the address; it may belong to another program.
hint-certificate = If you made it yourself, allow it with `--accept-invalid-certs`.
hint-http = Try http:// in the address.
hint-https = If it speaks TLS, use https:// in the address.
hint-password = Give user:password@ in the address, or the headers that it needs.
hint-redirected = Redirects aren't followed: configure the final address.
hint-path = Check the path in the address.
hint-server = Look at the log of ComfyUI, or of the proxy before it.
hint-disk = Make room on the disk of the data folder; writing goes on by itself.
hint-inodes = Delete some files on the disk of the data folder, whatever their size (no inode is left); files are kept again by themselves.
hint-folder = Check that the data folder is there and may be written; writing goes on by itself.
hint-below = What lies below ComfyUI's output, temp and input folders can be kept.
hint-comfyui-log = ComfyUI's log says why.
hint-watch = If ComfyUI's folders are on this machine, `--comfyui-dir` takes files as they are written.

# One run
way = Between runs
newer-run = Newer run
older-run = Older run
outputs = Outputs
outputs-none = No outputs
outputs-count = { $n ->
    [one] { $n } output
   *[other] { $n } outputs
}
previews-count = { $n ->
    [one] { $n } preview
   *[other] { $n } previews
}
inputs = Files that it read
about-run = About this run
settings = Settings
prompt = Prompt
negative = Negative prompt
seed = Seed
copy = Copy
copy-prompt = Copy the prompt
copy-negative = Copy the negative prompt
copy-seed = Copy the seed
copy-workflow = Copy workflow
drag-workflow = Drop it on ComfyUI's canvas to load it there
open-in-comfyui = Open in ComfyUI
open-in-comfyui-named = Open { $name } in ComfyUI
take-along = Take along
all-files = All files (ZIP)
download = Download
alike = More like this
same-prompt = Same prompt
same-model = Same model
same-seed = Same seed
same-workflow = Same workflow
tags = Tags
lyrics = Lyrics
instructions = Instructions to the language model
copy-tags = Copy the tags
copy-lyrics = Copy the lyrics
copy-instructions = Copy the instructions
fact-service = Service
fact-length = Length
length-frames = { $n } frames
length-fps = { $n } fps
length-seconds = { $n } s
fact-controlnet = ControlNet
fact-upscaler = Upscaler
fact-helper = Other models
fact-input = Input
fact-custom-nodes = Custom nodes
nodes-count = { $n ->
    [one] { $n } node type
   *[other] { $n } node types
}
fact-model = Model
fact-lora = LoRA
fact-passes = Passes
fact-sampler = Sampler
fact-scheduler = Scheduler
fact-steps = Steps
fact-cfg = CFG
fact-guidance = Guidance
fact-denoise = Denoise
fact-size = Size
fact-batch = Batch
fact-text-encoder = Text encoder
fact-vae = VAE
run = Run
time-queued = Queued
time-started = Started
time-ended = Ended
time-took = Took
time-waited = Waited
cached-nodes = Nodes from cache
device = Device
ids = Identifiers
prompt-id = Prompt id
workflow-id = Workflow id
client-id = Client id
queue-next = Next in the queue
queue-place = Number { $place } in the queue
failure = Error
failure-node = In node
failure-inputs = What the node was given
failure-traceback = Traceback
file-pending = Still to be fetched
file-missing = This file is missing
file-unreported = found beside the run, named by no node
file-other-version = Or these bytes
text-goes-on = The text goes on; all of it is in the { $link } of this run.
documents = Documents
document-prompt = Prompt
document-workflow = Workflow
document-extra = Extra data
document-result = Result
document-open = Open
document-find = Find in this document
document-search = Find
document-match = { $nth } of { $count }
document-no-match = No match
document-previous-match = Previous match
document-next-match = Next match
document-lines = Lines
document-before = Earlier lines
document-behind = Later lines
document-window = From line { $first } of { $count }
all-as-json = Everything that is kept of this run, as { $link }.
lightbox = Large view
enlarge = Enlarge { $name }
zoom-in = Zoom in
zoom-out = Zoom out
previous = Previous
next = Next

# Errors
error-title-bad = That request can't be read
error-title-who = Who is there?
error-title-missing = Not found
error-title-method = Nothing can be changed here
error-title-name = Not by this name
error-title-broken = Something broke
error-title-other = That didn't work
error-not-found = There is nothing at this address.
error-no-generation = No generation with this number is kept here. It may have been removed.
error-no-document = This generation came without this document; runs queued by a script have no workflow.
error-no-output = This generation has no output with this number.
error-output-pending = This file isn't copied yet. Try again in a moment.
error-output-missing = This file is missing: it couldn't be copied.
error-no-file = There is no file with this digest here.
error-method = This address can only be read: use GET or HEAD.
error-host-missing = The request has no Host header, or several.
error-host = This server doesn't answer to the name { $name }; to add one, start it with --allow-host NAME.
error-unauthorized = A password or a token is needed.
error-read-only = This token is for reading: it changes nothing.
error-too-many = Too many wrong passwords or tokens came from your address. Try again in { $seconds } seconds.
error-origin = Only pages of this server may change something here.
error-form = This form can't be read; load its page again.
error-range = The file has { $size } bytes, and the range lies outside of them.
error-index = The search index was damaged and is being made anew. Try again in a while; the history without a search works as always.
error-damaged = The records are damaged. Stop comfy-recall and restore a backup; its log says which file it is, and how.
error-unreadable = The records can't be read right now; the log of comfy-recall says why. Try again in a moment.
error-internal = Something went wrong here; the log of comfy-recall has the details.
error-request = Look for request { $id } in the log.
to-the-history = To the history

# Scripts
js-suggestions = Suggestions
js-close = Close
js-new = { $n } new
js-many-new = Many new
js-loading = More is coming
js-load-error = The next ones can't be read.
js-retry = Try again
js-that-was-all = That was all
js-offline = Not connected to comfy-recall since { $name }
js-open-failed = This workflow can't be read just now. Try again in a moment.
js-copied = Copied
js-copy-failed = Press Ctrl+C

# The API
api-page = API
api-intro = Everything that the pages show, as JSON. It needs nothing but HTTP: `GET` reads, and nothing here can be changed.
api-base = Base address
api-described = For programs
api-newest = The newest run, and what this server says of it right now:
api-contents = On this page
api-open = Open
api-example = Example
copy-example = Copy the example
api-answer = Answer
api-default = unless told
api-such-as = such as
api-rules = What you can rely on
api-rule-keys = Keys are added, never renamed.
api-rule-values = Ids are numbers. Seeds are texts, as they may be above JavaScript's exact numbers. Times are RFC 3339 in UTC, with milliseconds.
api-rule-request = `HEAD` works wherever `GET` does. Every answer has an `X-Request-Id`, which the log has too.
api-rule-again = JSON carries an `ETag`. Send it back as `If-None-Match`, and you get `304` and no body as long as nothing changed.
api-door = Who may ask
api-door-open = This server asks nobody for a password or token: whoever reaches it may read.
api-door-password = This server asks for its password: by HTTP Basic, with any user name.
api-door-token = This server asks for a token, as `Authorization: Bearer …`.
api-door-either = This server asks for a token, as `Authorization: Bearer …`, or for its password by HTTP Basic, with any user name.
api-door-more = `comfy-recall token NAME` makes a token, for reading (`--scope read`) or for everything (`full`). `comfy-recall password` makes what the configuration keeps of a password. `/healthz` is open to everybody. Who sends something wrong too often has to wait, for as long as `Retry-After` says.
api-which = Which generations
api-which-about = These narrow every list, and what is counted or packed. Several of them narrow it further.
api-which-pages = A list has `next` and `prev`: ask again with `next=` and that text for the older ones. What is recorded meanwhile doesn't shift the pages.
api-narrowed = Narrowed by
tag-generations = What ComfyUI ran
tag-files = What it made
tag-search = What can be found
tag-server = How things are
tag-other = More
api-events = Events
api-events-about = `/events` is a stream of server-sent events: what changes, as it happens.
event-hello = From here on everything is told.
event-reload = More happened than is told one by one: read the lists again.
event-generation = A run is new, or its row or one of its files changed: `{"{"}"runs":[{"{"}"id":7,"status":"pending"{"}"}]{"}"}`
event-instance = A server came or went, or its queue changed: `{"{"}"names":["default"]{"}"}`
event-storage = Nothing can be written any more, or again.
event-beat = Nothing happened for fifteen seconds.
api-events-again = Each has an id. Come back with it as `Last-Event-ID` (browsers do by themselves) or as `?after=`, and what you missed is told, as long as it is among the last thousand events; else you get `reload`.
api-webhooks = Webhooks
api-webhooks-about = Who can't hold a connection is called when a run has ended and its files are here. In `config.toml`, once for each address:
api-webhooks-signed = The address gets a `POST` with what the list tells of the run and its `outputs`, signed by the rules of Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
api-webhooks-again = Any answer but 2xx, or none within fifteen seconds, and it is sent again: after five seconds, then longer and longer, for a week, over restarts too. It may come twice, with the same `webhook-id`.
api-compatible = What scripts speak already
api-compatible-about = Scripts that were written for ComfyUI's history, or for its history plugin, need only another base address. Each of these is also there below `/api`.
compatible-history = Every run that ended, in ComfyUI's shape: `max_items`, `offset`
compatible-history-one = One of them
compatible-view = A file by the name that ComfyUI gave it: `filename`, `subfolder`, `type`, `prompt_id`
compatible-queue = What waits and runs
compatible-prompt = How much of that there is
compatible-jobs = All of it in one list: `status`, `workflow_id`, `sort_by`, `sort_order`, `limit`, `offset`
compatible-job = One of them
compatible-artifacts = The plugin's list: `date`, `status`, `limit`, `offset`
compatible-artifact = One of it
api-compatible-more = What would change something in ComfyUI is answered by 405. Errors have the shape that these clients know. `docs/compatible.md` says where an answer differs from ComfyUI's.
api-scripts = Three scripts
script-sh = Yesterday's failures, in the shell
script-python = The last ten pictures into a folder, in Python
script-js = Which models were used, and how often, in JavaScript
api-errors = Errors
api-errors-about = Every error has one shape. The code never changes; the message says what to do.
api-code = Code
api-status = Status
api-meaning = What it means
api-objects = What answers hold
code-parameter = A parameter can't be used; the message says why, and what would do.
code-request = A request in ComfyUI's manner can't be answered; the message says why.
code-file = No file with this digest or name is kept here.
code-job = No run with this id was recorded; ComfyUI's `/api/jobs` says so.
code-read-only = This would change ComfyUI. comfy-recall is only read: send it to ComfyUI itself.
code-range = The range lies outside of the file; `Content-Range` says how long it is.
code-host = This server doesn't answer to the name in the `Host` header; `--allow-host` adds one.
code-too-many = Too many wrong passwords or tokens came from your address; `Retry-After` says when to try again.
