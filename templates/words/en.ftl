# Every word that people read on a page. `{ $name }` is a value; `-js-` keys are said by scripts.

# Frame
history = History
status-page = Status
pages = Pages
page-of-its-own = Open in a new tab
skip = Skip to the content
notices = Notices
language = Language
theme = Theme
theme-system = System
theme-light = Light
theme-dark = Dark
times-of = Times are in { $zone }.
refused-title = New runs can't be recorded.
refused-keeps = Nothing is lost as long as ComfyUI keeps running.
refused-files-title = New files can't be saved.
refused-files-keeps = Runs are still recorded, and their files are copied once they can be saved. Previews are lost if ComfyUI restarts before that.
orphaned-title = The records of earlier runs are gone.
orphaned = recall.db was missing or empty when comfy-recall started, but the files of those runs are still there. To get the runs back, stop comfy-recall and restore a backup: { $command }. To start over on purpose, move the blobs folder away.
away-title = { $name } has been unreachable
away-since = since { $time } ({ $span }).
away-address = Configured address: { $address }.
low-disk-title = Low disk space.
low-disk = { $free } of { $total } is free where comfy-recall keeps its data. Free up space before new runs and files no longer fit.
missed-title = Runs of { $name } may be missing.
missed-away = ComfyUI was restarted or its history was cleared between { $from } and { $until }.
missed-stopped = ComfyUI was restarted or its history was cleared while comfy-recall was off, { $from } – { $until }.
missed-more = Details
missed-dismiss = Don't show this again
catching-up = Catching up with { $name }.
catching-up-runs = { $n ->
    [one] One earlier run has been read so far; older ones appear as they are read.
   *[other] { $n } earlier runs have been read so far; older ones appear as they are read.
}
preferences = Preferences
sign-in = Sign in
sign-out = Sign out
password = Password
sign-in-wrong = Wrong password.
sign-in-too-many = { $n ->
    [one] Too many attempts. Try again in a second.
   *[other] Too many attempts. Try again in { $n } seconds.
}
description = Everything ComfyUI has made, kept for good.

# Values
status-pending = Waiting
status-in-progress = Running
status-completed = Completed
status-failed = Failed
status-cancelled = Cancelled
status-lost = Lost
why-interrupted = It was interrupted while running.
why-dequeued = It was removed from the queue before it ran.
why-comfyui-restarted = ComfyUI stopped while the run was queued or running, or its history was cleared.
why-history-deleted = It ended, but was deleted from ComfyUI's history before its result could be read.
why-lost = It was lost when ComfyUI stopped.
why-pending = It is waiting in ComfyUI's queue.
why-in-progress = ComfyUI is working on it.
files-pending = Copying
files-stored = Saved
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
unfinished = Unfinished
kind-of-output = Kind of output
any-kind = Any output
instance = Server
any-instance = Any server
previews = Previews
previews-hint = Also count the temporary previews of runs that saved something
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
empty-hint = Queue something in ComfyUI and it appears here: while it waits, while it runs, and for good.
empty-no-instance = No ComfyUI server is configured. Start comfy-recall with { $option }.
instance-connected = { $name } is connected at
instance-connecting = Connecting to { $name } at
instance-away = { $name } is unreachable at
instance-away-hint = Start ComfyUI. If it has a different address, start comfy-recall with { $option }.
nothing-matches = No results
nothing-matches-hint = No recorded run matches all of these filters.
that-was-all = End of history
that-was-all-hint = There are no older runs.

# Search
find = Search
find-placeholder = Search prompts, models, files …
find-clear = Clear the search
find-help = How to search
find-worded = Interpreted as a date. Search for the text instead: { $words }
find-did-you-mean = Did you mean { $words }?
example-words = These words in any order: in prompts, models, LoRAs, workflows, files, texts and errors. The last word may be incomplete.
example-phrase = An exact phrase
example-without = Without this word
example-or = Either one
example-models = In one field only
example-exact = An exact value, as the lists show it
example-sampling = Sampling settings; numbers can be ranges
example-size = Size in pixels, number of frames
example-seed = A seed
example-texts = Negative prompt; node types; workflow name
example-files = Names of output and input files; what failed
example-state = Final status and kind of output
example-traits = Properties of a run
example-days = Time; also date:2026-11-20, after:2026-11-01 and before:2026-12-01
mistake-field = There is no field “{ $field }”.
mistake-quote = To search for the words, put them in quotes.
mistake-value = “{ $value }” isn't a valid { $field }.
mistake-long = The search is too long: use at most { $n } characters.
mistake-many = The search has too many parts: use at most { $n }.
mistake-deep = Parentheses are nested too deeply: use at most { $n } levels.
expected-one-of = Use one of { $words }.
expected-number = Use a number, >20, <=20 or 20..30.
expected-duration = Use seconds, or a duration such as >2m or 1m..2m.
expected-seed = Use a whole number.
expected-date = Use today, yesterday, 7d, 2026-11-20, 2026-11 or 2026-11-01..yesterday.
expected-moment = Use a day such as 2026-11-20, or 7d for seven days ago.
expected-words = Use words, or a phrase in quotes.
field-model = Checkpoint or diffusion model
field-lora = LoRA
field-prompt = Prompt
field-negative = Negative prompt
field-workflow = Workflow name or ID
field-node = Node type or title
field-sampler = Sampler
field-scheduler = Scheduler
field-seed = Seed
field-steps = Steps: 20, >20, 20..30
field-cfg = CFG: 7, <3, 3..5
field-guidance = Guidance of Flux models
field-denoise = Denoise: 1, <1
field-width = Width in pixels
field-height = Height in pixels
field-length = Frames
field-duration = Run time: >2m
field-status = Final status
field-kind = Kind of output
field-error = Error message
field-file = Name of an output or input file
field-text = Text output
field-instance = Server
field-date = Day it was queued
field-before = Queued before
field-after = Queued after
field-is = Preview, status, kind
field-has = What the run has
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
facet-none = Nothing to refine by.
indexing-title = Still indexing.
indexing = { $waiting } of { $runs } runs are left; results may be incomplete.

# Keys
keys = Keyboard shortcuts
keys-arrows = Move between cards
keys-ends = First card, last card
keys-enter = Open the run
keys-beside = On a run: the newer one, the older one
keys-filter = Go to the search box
keys-map = Show these shortcuts
keys-escape = Close what is open; on a run, back to the history

# Status
span-seconds = { $n } s
span-minutes = { $n } min
span-days = { $days } d { $hours } h
status-ago = { $span } ago
status-for = for { $span }
status-none = No ComfyUI server is configured.
status-none-hint = Start comfy-recall with { $option }.
state-connected = Connected
state-connecting = Connecting
state-away = Unreachable
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
status-former = No longer configured
gaps = Gaps
gaps-about = Times when runs may have been missed. Runs that were still in ComfyUI's history were added afterwards.
gaps-none = No gaps: ComfyUI was reachable the whole time.
gap-away = ComfyUI wasn't reachable
gap-away-now = ComfyUI isn't reachable
gap-stopped = comfy-recall wasn't running
gap-unseen = Runs ended before they could be seen
gap-runs = { $n ->
    [one] { $n } run missed
   *[other] { $n } runs missed
}
gap-missed = Runs may have been missed
gap-whole = Nothing was missed
gap-unknown = Not yet known whether anything was missed
gap-now = now
gap-lasting = Ongoing
gaps-newest = The newest { $n } gaps are shown.
storage = Storage
storage-writable = Writable
storage-refused = Not writable
storage-disk = Disk
storage-left = { $free } of { $total } free
storage-low = Low
storage-records = Records
storage-runs = Runs
storage-index = Search
index-complete = All runs are indexed
storage-files = Files
storage-files-size = { $size } in { $files }
storage-pending = To be copied
storage-missing = Missing
storage-missing-hint = These couldn't be copied: they were deleted or overwritten too soon, or ComfyUI doesn't serve them. If ComfyUI's folders are on this machine, start comfy-recall with { $option }, and files are copied as they are written.
files-count = { $n ->
    [one] { $n } file
   *[other] { $n } files
}
versions = Versions
versions-uptime = Uptime
versions-since = since { $time }

# Troubles
trouble-nobody-answers = Nothing answers at this address.
trouble-timed-out = It didn't answer in time.
trouble-connection-broke = The connection was lost.
trouble-connection-closed = ComfyUI closed the connection.
trouble-not-comfyui = Something other than ComfyUI answers at this address.
trouble-certificate-untrusted = Its certificate isn't trusted.
trouble-no-tls = It doesn't use TLS.
trouble-tls-failed = The TLS handshake failed.
trouble-tls-wanted = It refused the request.
trouble-unauthorized = It requires authentication.
trouble-redirected = It redirects to another address.
trouble-wrong-path = There is nothing at this path.
trouble-server-error = It answered with an error.
trouble-unusable = The address can't be used.
trouble-overwritten = A later run overwrote it before it could be copied.
trouble-temp-deleted = Deleted from ComfyUI's temp folder before it could be copied.
trouble-deleted = ComfyUI has no such file: it was deleted, renamed, or never written under this name.
trouble-unknown-folder = ComfyUI has no such folder.
trouble-outside-folders = It is outside ComfyUI's folders, and ComfyUI doesn't serve files from there.
trouble-impossible-name = No file can have this name.
trouble-not-handed-out = ComfyUI doesn't serve a file with this name; it may still be there.
trouble-other-drive = It is on a different drive from ComfyUI's folder, and ComfyUI doesn't serve files from there.
trouble-keeps-failing = ComfyUI failed each time it was asked for this file.
trouble-maybe-overwritten = This file was overwritten while the run was queued or running. These may not be the bytes that the run read.
trouble-written-later = This file was written again after the run ended. These may not be the bytes that the run read.
trouble-changing = It changed while it was being copied.
trouble-unreadable = It can't be read.
trouble-too-slow = This file arrived too slowly.
trouble-too-large = This file would leave too little free space on the disk.
trouble-disk-full = The disk is full.
trouble-no-inodes = The disk has free space, but no room for more files.
trouble-files-refused = The folder for files can't be written to.
trouble-records-refused = The database can't be written to.
hint-start = Start ComfyUI; recording begins as soon as it is up. If it has a different address, set it with `--comfyui`.
hint-wait = comfy-recall retries automatically.
hint-address = Check the address; it may belong to another program.
hint-certificate = If it is a certificate of your own, allow it with `--accept-invalid-certs`.
hint-http = Use http:// in the address.
hint-https = If the server uses TLS, use https:// in the address.
hint-password = Put user:password@ in the address, or configure the headers that it requires.
hint-redirected = Redirects aren't followed: configure the final address.
hint-path = Check the path in the address.
hint-server = Check the log of ComfyUI, or of the proxy in front of it.
hint-disk = Free up space on the disk with the data folder; recording resumes automatically.
hint-inodes = Delete some files on the disk with the data folder, whatever their size (there are no free inodes); saving files resumes automatically.
hint-folder = Check that the data folder exists and can be written to; recording resumes automatically.
hint-below = Only files in ComfyUI's output, temp and input folders can be saved.
hint-comfyui-log = Check ComfyUI's log for the reason.
hint-watch = If ComfyUI's folders are on this machine, `--comfyui-dir` copies files as they are written.

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
inputs = Input files
about-run = About this run
settings = Parameters
prompt = Prompt
negative = Negative prompt
seed = Seed
copy = Copy
copy-prompt = Copy the prompt
copy-negative = Copy the negative prompt
copy-seed = Copy the seed
copy-workflow = Copy workflow
drag-workflow = Drop it on ComfyUI's canvas to load it
open-in-comfyui = Open in ComfyUI
open-in-comfyui-named = Open { $name } in ComfyUI
take-along = Downloads
all-files = All files (ZIP)
download = Download
alike = Similar runs
same-prompt = Same prompt
same-model = Same model
same-seed = Same seed
same-workflow = Same workflow
tags = Tags
lyrics = Lyrics
instructions = Instructions for the language model
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
time-took = Duration
time-waited = Time in queue
cached-nodes = Cached nodes
device = Device
ids = IDs
prompt-id = Prompt ID
workflow-id = Workflow ID
client-id = Client ID
queue-next = Next in the queue
queue-place = Number { $place } in the queue
failure = Error
failure-node = In node
failure-inputs = Inputs of the node
failure-traceback = Traceback
file-pending = Not copied yet
file-missing = This file is missing
file-unreported = found with the run, but not reported by any node
file-other-version = Or these bytes
text-goes-on = Shortened; the full text is in the { $link } of this run.
documents = Documents
document-prompt = Prompt
document-workflow = Workflow
document-extra = Extra data
document-result = Result
document-open = Open
document-find = Find in this document
document-search = Find
document-match = { $nth } of { $count }
document-no-match = No matches
document-previous-match = Previous match
document-next-match = Next match
document-lines = Lines
document-before = Earlier lines
document-behind = Later lines
document-window = From line { $first } of { $count }
all-as-json = Everything recorded about this run, as { $link }.
lightbox = Large view
enlarge = Enlarge { $name }
zoom-in = Zoom in
zoom-out = Zoom out
previous = Previous
next = Next

# Errors
error-title-bad = Invalid request
error-title-who = Sign in required
error-title-missing = Not found
error-title-method = Read-only
error-title-name = Unknown host name
error-title-broken = Something went wrong
error-title-other = Request failed
error-not-found = There is nothing at this address.
error-no-generation = There is no run with this number. It may have been removed.
error-no-document = This run has no such document; runs queued by a script have no workflow.
error-no-output = This run has no output with this number.
error-output-pending = This file hasn't been copied yet. Try again in a moment.
error-output-missing = This file is missing: it couldn't be copied.
error-no-file = There is no file with this digest here.
error-method = This address is read-only: use GET or HEAD.
error-host-missing = The request has no Host header, or more than one.
error-host = This server isn't known as { $name }; to add a name, start it with --allow-host NAME.
error-unauthorized = A password or token is required.
error-read-only = This token is read-only.
error-too-many = Too many wrong passwords or tokens from your address. Try again in { $seconds } seconds.
error-origin = Only pages of this server may make changes here.
error-form = This form can't be read; reload its page.
error-range = The range is outside the file, which has { $size } bytes.
error-index = The search index was damaged and is being rebuilt. Try again later; the history works as usual without a search.
error-damaged = The records are damaged. Stop comfy-recall and restore a backup; the log says which file it is, and how.
error-unreadable = The records can't be read right now; the log of comfy-recall says why. Try again in a moment.
error-internal = Something went wrong here; the log of comfy-recall has the details.
error-request = Look for request { $id } in the log.
to-the-history = Back to the history

# Scripts
js-suggestions = Suggestions
js-close = Close
js-new = { $n } new
js-many-new = Many new
js-loading = Loading more
js-load-error = More runs couldn't be loaded.
js-retry = Try again
js-that-was-all = End of history
js-offline = Disconnected from comfy-recall since { $name }
js-open-failed = This workflow can't be read right now. Try again in a moment.
js-copied = Copied
js-copy-failed = Press Ctrl+C

# The API
api-page = API
api-intro = Everything that the pages show, as JSON. Plain HTTP is enough: `GET` reads, and the only thing that can be changed is to dismiss the warning about a gap.
api-base = Base URL
api-described = Machine-readable
api-newest = The newest run, and what this server says about it right now:
api-contents = On this page
api-open = Open
api-example = Example
copy-example = Copy the example
api-answer = Response
api-default = by default
api-such-as = such as
api-rules = What you can rely on
api-rule-keys = Keys are added, never renamed or removed.
api-rule-values = IDs are numbers. Seeds are strings, as they may exceed JavaScript's exact integers. Times are RFC 3339 in UTC, with milliseconds.
api-rule-request = `HEAD` works wherever `GET` does. Every response has an `X-Request-Id`, which the log has too.
api-rule-again = JSON has an `ETag`. Send it back as `If-None-Match`, and you get `304` without a body as long as nothing has changed.
api-door = Authentication
api-door-open = This server requires no password or token: whoever can reach it may read.
api-door-password = This server requires its password: by HTTP Basic, with any user name.
api-door-token = This server requires a token, as `Authorization: Bearer …`.
api-door-either = This server requires a token, as `Authorization: Bearer …`, or its password by HTTP Basic, with any user name.
api-door-more = `comfy-recall token NAME` creates a token, read-only (`--scope read`) or for everything (`full`). `comfy-recall password` creates the password hash for the configuration. `/healthz` is open to everybody. After too many failed attempts, wait for as long as `Retry-After` says.
api-which = Filters
api-which-about = These narrow every list, count and archive. Several of them combine.
api-which-pages = A list has `next` and `prev`: send `next=` with that value for the older runs. Runs recorded meanwhile don't shift the pages.
api-narrowed = Filters
tag-generations = Runs
tag-files = Files
tag-search = Search and counts
tag-server = Server
tag-other = More
api-events = Events
api-events-about = `/events` is a stream of server-sent events: changes as they happen.
event-hello = From here on, every change is sent.
event-reload = Too much has changed to send it one by one: read the lists again.
event-generation = A run is new, or its row or one of its files changed: `{"{"}"runs":[{"{"}"id":7,"status":"pending"{"}"}]{"}"}`
event-instance = A server connected or disconnected, or its queue changed: `{"{"}"names":["default"]{"}"}`
event-storage = Recording stopped because nothing can be written, or resumed.
event-beat = Nothing has changed for fifteen seconds.
api-events-again = Each event has an id. Reconnect with it as `Last-Event-ID` (browsers do so automatically) or as `?after=`, and the events you missed are sent, if they are among the last thousand; otherwise you get `reload`.
api-webhooks = Webhooks
api-webhooks-about = A program that can't hold a connection open can be called when a run has ended and its files have been copied. In `config.toml`, once for each address:
api-webhooks-signed = The address receives a `POST` with what the list says about the run and its `outputs`, signed as Standard Webhooks says: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
api-webhooks-again = If the response isn't 2xx or takes longer than fifteen seconds, the call is repeated: after five seconds, then at growing intervals for a week, across restarts too. A call may arrive twice, with the same `webhook-id`.
api-compatible = ComfyUI's own API
api-compatible-about = Scripts written for ComfyUI's history or its history plugin only need a different base URL. Each of these is also available under `/api`.
compatible-history = Every run that has ended, in ComfyUI's format: `max_items`, `offset`
compatible-history-one = One run
compatible-view = A file by the name that ComfyUI gave it: `filename`, `subfolder`, `type`, `prompt_id`
compatible-queue = Queued and running runs
compatible-prompt = How many there are
compatible-jobs = All of them in one list: `status`, `workflow_id`, `sort_by`, `sort_order`, `limit`, `offset`
compatible-job = One of them
compatible-artifacts = The plugin's list: `date`, `status`, `limit`, `offset`
compatible-artifact = One of them
api-compatible-more = Requests that would change ComfyUI get a 405. Errors have the format that these clients expect. `docs/compatible.md` says where a response differs from ComfyUI's.
api-scripts = Three scripts
script-sh = Yesterday's failures, in the shell
script-python = The last ten pictures into a folder, in Python
script-js = Which models were used, and how often, in JavaScript
api-errors = Errors
api-errors-about = All errors have the same format. The code never changes; the message says what to do.
api-code = Code
api-status = Status
api-meaning = What it means
api-objects = Objects in responses
code-parameter = A parameter is invalid; the message says why, and what is valid.
code-request = A request in ComfyUI's format can't be answered; the message says why.
code-file = There is no file with this digest or name.
code-job = No run with this ID was recorded; ComfyUI's `/api/jobs` answers the same.
code-read-only = This would change ComfyUI. comfy-recall is read-only: send it to ComfyUI itself.
code-range = The range is outside the file; `Content-Range` says how long it is.
code-host = This server isn't known by the name in the `Host` header; `--allow-host` adds one.
code-too-many = Too many wrong passwords or tokens from your address; `Retry-After` says when to try again.
