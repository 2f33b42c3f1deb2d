# 页面上的所有文字，与 en.ftl 的键一一对应。

# Frame
history = 历史
status-page = 状态
pages = 页面
page-of-its-own = 在新标签页中打开
skip = 跳到正文
notices = 通知
language = 语言
theme = 主题
theme-system = 跟随系统
theme-light = 浅色
theme-dark = 深色
times-of = 时间按 { $zone } 显示。
refused-title = 无法写入新的记录。
refused-keeps = 只要 ComfyUI 还在运行，就不会丢失任何内容。
away-title = { $name } 已离线
away-since = 自 { $time } 起（{ $span }）。
away-address = 它的地址应为 { $address }。
low-disk-title = 磁盘空间不多了。
low-disk = comfy-recall 数据所在的磁盘只剩 { $free }（共 { $total }）。请在写满之前腾出空间。
missed-title = { $name } 可能有遗漏的生成。
missed-away = 它从 { $from } 到 { $until } 离线，回来后已没有我们记得的历史：它重启过，或者历史被清空了。
missed-stopped = comfy-recall 从 { $from } 到 { $until } 没有运行，而 ComfyUI 已没有我们记得的历史：它重启过，或者历史被清空了。
missed-more = 查看所有空档
catching-up = 正在补录 { $name }。
catching-up-runs = { $n ->
   *[other] 已读取此前的 { $n } 次生成；更早的会陆续出现。
}
preferences = 偏好设置
sign-in = 登录
sign-out = 退出登录
password = 密码
sign-in-wrong = 密码不对。
sign-in-too-many = 尝试次数过多，请在 { $n } 秒后再试。
description = ComfyUI 生成的一切，永久保存。

# Values
status-pending = 等待中
status-in-progress = 运行中
status-completed = 已完成
status-failed = 失败
status-cancelled = 已取消
status-lost = 丢失
why-interrupted = 运行途中被人停止。
why-dequeued = 尚未运行就从队列中移除了。
why-comfyui-restarted = 它在等待或运行时 ComfyUI 退出了，或者历史被清空了。
why-history-deleted = 它已结束，但在读取结果之前就从 ComfyUI 的历史中删除了。
why-lost = ComfyUI 带着它离开了。
why-pending = 正在 ComfyUI 的队列中等待。
why-in-progress = ComfyUI 正在处理。
files-pending = 正在取回
files-stored = 已保存
files-missing = 文件已不在
kind-image = 图片
kind-video = 视频
kind-audio = 音频
kind-text = 文本
kind-model3d = 3D 模型
kind-other = 文件
date-short = %Y年%-m月%-d日
date-day = %-m月%-d日 { $weekday }
date-day-year = %Y年%-m月%-d日 { $weekday }
date-month = %Y年%-m月
weekday = { $day ->
    [Mon] 星期一
    [Tue] 星期二
    [Wed] 星期三
    [Thu] 星期四
    [Fri] 星期五
    [Sat] 星期六
   *[Sun] 星期日
}
weekday-narrow = { $day ->
    [Mon] 一
    [Tue] 二
    [Wed] 三
    [Thu] 四
    [Fri] 五
    [Sat] 六
   *[Sun] 日
}
duration-millis = { $millis } 毫秒
duration-seconds = { $seconds } 秒
duration-minutes = { $minutes } 分 { $seconds } 秒
duration-hours = { $hours } 小时 { $minutes } 分
run-number = 生成 { $id }

# History
turn = 队列第 { $n } 位
more-outputs = { $n ->
   *[other] 另有 { $n } 个输出
}
matches = { $n ->
   *[other] { $n } 次生成
}
today = 今天
yesterday = 昨天
any-day = 任意日期
days = 日期
days-between = { $first }至{ $last }
days-since = { $first }起
days-until = 截至{ $last }
last-days = 最近 { $n } 天
filter-history = 筛选历史
status = 状态
any-status = 任意状态
unfinished = 没有结果
kind-of-output = 输出类型
any-kind = 任意输出
instance = 服务器
any-instance = 任意服务器
previews = 预览
previews-hint = 已保存文件的生成也计入临时预览
show = 显示
show-all = 显示全部
active-filters = 当前筛选
remove-filter = 移除此筛选
remove-filter-named = 移除筛选 { $name }
chip-prompt = 提示 { $id }
chip-from = 从 { $time } 起
chip-to = { $time } 之前
list-separator = 、
no-files = 没有文件
earlier-month = 上个月
later-month = 下个月
close = 关闭
first-day = 从
last-day = 到
newest = 最新
newer = 较新
older = 较早
newer-pages = 较新的页面
older-pages = 较早的页面
from-here = 从这里起的全部
empty-title = 还没有任何记录
empty-hint = 在 ComfyUI 中提交任务，它就会出现在这里：等待时、运行时，并永久保留。
empty-no-instance = 还没有监听任何 ComfyUI。请以 { $option } 启动 comfy-recall。
instance-connected = { $name } 已连接：
instance-connecting = 正在尝试连接 { $name }：
instance-away = { $name } 没有响应：
instance-away-hint = 请启动 ComfyUI；如果它在别的地址，请以 { $option } 启动 comfy-recall。
nothing-matches = 没有匹配的结果
nothing-matches-hint = 没有符合全部筛选条件的生成记录。
that-was-all = 已经到底了
that-was-all-hint = 没有比这更早的记录了。

# Search
find = 搜索
find-placeholder = 搜索提示词、模型、文件……
find-clear = 清空搜索
find-help = 搜索方法
find-did-you-mean = 您是不是想输入 { $words }？
example-words = 同时含有这些词，顺序不限：提示词、模型、LoRA、工作流、文件、文本和错误。最后一个词可以只写开头。
example-phrase = 依次相连
example-without = 不含这个词
example-or = 任意一个
example-models = 只在某个字段中查找
example-exact = 完全一致，与列表中的写法相同
example-sampling = 采样设置；数字可用范围
example-size = 像素尺寸、帧数
example-seed = 这个种子
example-texts = 在反向提示词中；节点类型；工作流名称
example-files = 输出和输入的文件名；出错的内容
example-state = 结果状态与输出类型
example-traits = 具有的特征
example-days = 时间；也可以写 date:2026-11-20、after:2026-11-01、before:2026-12-01
mistake-field = 没有名为“{ $field }”的字段。
mistake-quote = 要搜索这些文字，请加上引号。
mistake-value = “{ $value }”不能用于 { $field }。
mistake-long = 搜索内容太长：最多 { $n } 个字符。
mistake-many = 搜索条件太多：最多 { $n } 个。
mistake-deep = 括号嵌套太深：最多 { $n } 层。
expected-one-of = 请从中选用：{ $words }。
expected-number = 请用数字、>20、<=20 或 20..30。
expected-duration = 请用秒数，或 >2m、1m..2m 这样的时长。
expected-seed = 请用整数。
expected-date = 请用 today、yesterday、7d、2026-11-20、2026-11 或 2026-11-01..2026-11-20。
expected-moment = 请用日期，如 2026-11-20；7d 表示七天前。
expected-words = 请用文字，或加引号的短语。
field-model = 大模型或扩散模型
field-lora = LoRA
field-prompt = 提示词
field-negative = 反向提示词
field-workflow = 工作流名称或 ID
field-node = 节点类型或标题
field-sampler = 采样器
field-scheduler = 调度器
field-seed = 种子
field-steps = 步数：20、>20、20..30
field-cfg = CFG：7、<3、3..5
field-guidance = Flux 模型的引导强度
field-denoise = 降噪：1、<1
field-width = 宽度（像素）
field-height = 高度（像素）
field-length = 帧数
field-duration = 运行时长：>2m
field-status = 结果状态
field-kind = 输出类型
field-error = 错误信息
field-file = 输出或输入的文件名
field-text = 节点给出的文本
field-instance = 服务器
field-date = 提交的日期
field-before = 早于
field-after = 晚于
field-is = 预览、状态、类型
field-has = 包含的内容
value-today = 今天
value-yesterday = 昨天
value-temp = 临时预览
value-error = 错误
value-workflow = 编辑器的工作流
value-lora = LoRA
value-negative = 反向提示词
value-input = 输入文件
value-file = 输出文件
value-preview = 预览
search-everything = 搜索全部
refine = 细分
facet-model = 模型
facet-lora = LoRA
facet-sampler = 采样器
facet-node = 节点类型
facet-workflow = 工作流
facet-more = 还有 { $n } 个
facet-not = 排除
facet-without = 排除 { $value }
facet-at-least = 至少 { $n }
facet-none = 没有可以细分的内容。
indexing-title = 正在建立索引。
indexing = { $runs } 次生成中还有 { $waiting } 次待处理；搜索结果可能不全。

# Keys
keys = 按键
keys-arrows = 在卡片之间移动
keys-ends = 第一张卡片，最后一张卡片
keys-enter = 打开
keys-beside = 在单次生成的页面：较新的一次，较旧的一次
keys-filter = 转到搜索框
keys-map = 显示按键
keys-escape = 关闭已打开的；在单次生成的页面则返回历史

# Status
span-seconds = { $n } 秒
span-minutes = { $n } 分钟
span-days = { $days } 天 { $hours } 小时
status-ago = { $span }前
status-for = 已 { $span }
status-none = 目前没有监听任何 ComfyUI。
status-none-hint = 请以 { $option } 启动 comfy-recall。
state-connected = 已连接
state-connecting = 正在连接
state-away = 离线
status-open = 打开位于 { $address } 的 ComfyUI
status-last-run = 最近一次生成
status-no-run = 还没有
status-queue = 队列
status-running = { $n } 个运行中
status-waiting = { $n } 个等待中
status-recorded = 已记录
status-runs = { $n } 次生成
status-catching-up = 正在补录
status-caught = { $n ->
   *[other] 目前 { $n } 次生成
}
status-version = 版本
status-device = 设备
status-former = 不再监听
gaps = 空档
gaps-about = 没有听到 ComfyUI 的时段。它之后仍记得的内容都已补录。
gaps-none = 没有空档：一直都能听到 ComfyUI。
gap-away = ComfyUI 曾离线
gap-away-now = ComfyUI 已离线
gap-stopped = comfy-recall 没有运行
gap-missed = 可能有遗漏
gap-whole = 已全部补录
gap-unknown = 尚不清楚有无遗漏
gap-now = 现在
gap-lasting = 仍在持续
gaps-newest = 只显示最近 { $n } 个空档。
storage = 存储
storage-writable = 可写
storage-refused = 无法写入
storage-disk = 磁盘
storage-left = 剩余 { $free }，共 { $total }
storage-low = 空间不多
storage-records = 记录
storage-runs = 生成
storage-index = 搜索
index-complete = 已索引全部生成
storage-files = 文件
storage-files-size = { $size }，{ $files }
storage-pending = 待取回
storage-missing = 已丢失
storage-missing-hint = 这些文件在复制之前就被删除或覆盖了。如果 ComfyUI 的文件夹在本机上，请用 { $option } 告诉 comfy-recall，文件写好时就会被收下。
files-count = { $n ->
   *[other] { $n } 个文件
}
versions = 版本
versions-uptime = 已运行
versions-since = 自 { $time } 起

# Troubles
trouble-nobody-answers = 没有任何响应。
trouble-timed-out = 没有及时响应。
trouble-connection-broke = 连接中断了。
trouble-connection-closed = ComfyUI 关闭了连接。
trouble-not-comfyui = 响应的不是 ComfyUI。
trouble-certificate-untrusted = 它的证书不受信任。
trouble-no-tls = 对方不使用 TLS。
trouble-tls-failed = TLS 失败。
trouble-tls-wanted = 请求被拒绝了。
trouble-unauthorized = 对方要求验证身份。
trouble-redirected = 对方让我们去别处。
trouble-wrong-path = 这个路径下没有内容。
trouble-server-error = 对方返回了错误。
trouble-unusable = 这个地址无法使用。
trouble-overwritten = 复制之前就被后来的生成覆盖了。
trouble-temp-deleted = 复制之前就从 ComfyUI 的 temp 文件夹中消失了。
trouble-deleted = ComfyUI 没有这个文件：它被删除、改名，或者从未以这个名称写入。
trouble-unknown-folder = ComfyUI 没有这个文件夹。
trouble-outside-folders = 它在 ComfyUI 的文件夹之外，ComfyUI 不会提供那里的文件。
trouble-impossible-name = 不可能有这种名称的文件。
trouble-not-handed-out = ComfyUI 不提供这种名称的文件；文件可能还在。
trouble-other-drive = 它和 ComfyUI 的文件夹不在同一个驱动器上，ComfyUI 不会提供那里的文件。
trouble-keeps-failing = 每次请求这个文件，ComfyUI 都出错。
trouble-maybe-overwritten = 这个文件在排队或运行期间被覆盖过，这里保存的不一定是当时读取的内容。
trouble-written-later = 这个文件在运行结束之后又被写入过，这里保存的不一定是当时读取的内容。
trouble-changing = 复制途中它发生了变化。
trouble-unreadable = 无法读取。
trouble-disk-full = 磁盘已满。
trouble-files-refused = 文件夹无法写入。
trouble-records-refused = 数据库无法写入。
hint-start = 请启动 ComfyUI；它一出现就会开始记录。如果它在别的地址，请用 --comfyui 告诉 comfy-recall。
hint-wait = comfy-recall 会自动重试。
hint-address = 请检查地址，它可能属于别的程序。
hint-certificate = 如果是您自己制作的证书，请用 --accept-invalid-certs 允许它。
hint-http = 请在地址中改用 http://。
hint-https = 如果对方使用 TLS，请在地址中改用 https://。
hint-password = 请在地址中写上 user:password@，或提供它需要的请求头。
hint-redirected = 不会跟随重定向：请配置最终地址。
hint-path = 请检查地址中的路径。
hint-server = 请查看 ComfyUI 或其前面代理的日志。
hint-disk = 请在数据文件夹所在的磁盘上腾出空间；之后会自动继续写入。
hint-folder = 请检查数据文件夹是否存在且可以写入；之后会自动继续写入。
hint-below = 只有位于 ComfyUI 的 output、temp 和 input 文件夹中的文件才能保存。
hint-comfyui-log = 原因请看 ComfyUI 的日志。
hint-watch = 如果 ComfyUI 的文件夹在本机上，用 --comfyui-dir 可以在文件写好时就收下它们。

# One run
way = 前后的生成
newer-run = 较新的一次
older-run = 较早的一次
outputs = 输出
outputs-none = 没有输出
outputs-count = { $n ->
   *[other] { $n } 个输出
}
previews-count = { $n ->
   *[other] { $n } 个预览
}
inputs = 读取的文件
about-run = 关于这次生成
settings = 参数
prompt = 提示词
negative = 反向提示词
seed = 种子
copy = 复制
copy-prompt = 复制提示词
copy-negative = 复制反向提示词
copy-seed = 复制种子
copy-workflow = 复制工作流
drag-workflow = 拖到 ComfyUI 画布上即可加载
open-in-comfyui = 在 ComfyUI 中打开
open-in-comfyui-named = 在 ComfyUI 中打开 { $name }
take-along = 带走
all-files = 全部文件（ZIP）
download = 下载
alike = 相似的生成
same-prompt = 相同提示词
same-model = 相同模型
same-seed = 相同种子
same-workflow = 相同工作流
tags = 标签
lyrics = 歌词
instructions = 给语言模型的指令
copy-tags = 复制标签
copy-lyrics = 复制歌词
copy-instructions = 复制指令
fact-service = 服务
fact-length = 时长
length-frames = { $n } 帧
length-fps = { $n } fps
length-seconds = { $n } 秒
fact-controlnet = ControlNet
fact-upscaler = 放大模型
fact-helper = 其他模型
fact-input = 输入
fact-custom-nodes = 自定义节点
nodes-count = { $n ->
   *[other] { $n } 种节点
}
fact-model = 模型
fact-lora = LoRA
fact-passes = 采样阶段
fact-sampler = 采样器
fact-scheduler = 调度器
fact-steps = 步数
fact-cfg = CFG
fact-guidance = 引导强度
fact-denoise = 降噪
fact-size = 尺寸
fact-batch = 批量
fact-text-encoder = 文本编码器
fact-vae = VAE
run = 编号
time-queued = 排队
time-started = 开始
time-ended = 结束
time-took = 耗时
time-waited = 等待
cached-nodes = 缓存节点
device = 设备
ids = 标识
prompt-id = 提示 ID
workflow-id = 工作流 ID
client-id = 客户端 ID
queue-next = 队列中的下一个
queue-place = 队列第 { $place } 位
failure = 错误
failure-node = 出错节点
failure-inputs = 该节点的输入
failure-traceback = 堆栈跟踪
file-pending = 尚待取回
file-missing = 文件已不在
file-unreported = 在运行旁发现，没有节点报告它
file-other-version = 也可能是这个
text-goes-on = 文本未完；全文见本次生成的 { $link }。
documents = 文档
document-prompt = 提示
document-workflow = 工作流
document-extra = 附加数据
document-result = 结果
document-open = 打开
document-find = 在此文档中查找
document-search = 查找
document-match = 第 { $nth } 处，共 { $count } 处
document-no-match = 没有匹配
document-previous-match = 上一处
document-next-match = 下一处
document-lines = 行
document-before = 前面的行
document-behind = 后面的行
document-window = 从第 { $first } 行起，共 { $count } 行
all-as-json = 这次生成保存的全部内容，见 { $link }。
lightbox = 大图
enlarge = 放大 { $name }
zoom-in = 放大
zoom-out = 缩小
previous = 上一个
next = 下一个

# Errors
error-title-bad = 无法理解这个请求
error-title-who = 请先登录
error-title-missing = 找不到
error-title-method = 这里不能更改任何内容
error-title-name = 不认识这个主机名
error-title-broken = 出错了
error-title-other = 没有成功
error-not-found = 这个地址没有内容。
error-no-generation = 这里没有这个编号的生成记录，可能已被移除。
error-no-document = 这次生成没有附带该文档；由脚本提交的任务没有工作流。
error-no-output = 此生成没有该编号的输出。
error-output-pending = 该文件尚未复制完成，请稍后再试。
error-output-missing = 该文件在复制之前就已消失。
error-no-file = 这里没有该摘要对应的文件。
error-method = 这个地址只能读取：请使用 GET 或 HEAD。
error-host-missing = 请求缺少 Host 头。
error-host = 本服务器不以 { $name } 为名；如需添加，请以 --allow-host NAME 启动。
error-unauthorized = 需要密码或令牌。
error-read-only = 这个令牌只能读取，不能更改任何内容。
error-too-many = 您的地址发来了太多错误的密码或令牌，请在 { $seconds } 秒后再试。
error-origin = 只有本服务器的页面才能在这里进行更改。
error-form = 无法读取这个表单；请重新打开所在页面。
error-range = 文件有 { $size } 字节，请求的范围超出了它。
error-index = 搜索索引已损坏，正在重建。请稍后再试；不使用搜索时，历史记录照常可用。
error-internal = 这里出了问题；详情见 comfy-recall 的日志。
error-request = 请在日志中查找请求 { $id }。
to-the-history = 返回历史

# Scripts
js-suggestions = 建议
js-close = 关闭
js-new = { $n } 个新的
js-many-new = 有许多新的
js-loading = 正在读取更多
js-load-error = 无法读取后面的内容。
js-retry = 重试
js-that-was-all = 已全部显示
js-offline = 自 { $name } 起与 comfy-recall 失去连接
js-open-failed = 暂时读取不到这个工作流，请稍后再试。
js-copied = 已复制
js-copy-failed = 请按 Ctrl+C

# The API
api-page = API
api-intro = 页面上的一切，以 JSON 提供。只需要 HTTP：用 `GET` 读取，这里不能更改任何内容。
api-base = 基础地址
api-described = 供程序使用
api-newest = 最新的一次生成，以及本服务器此刻的回答：
api-contents = 本页内容
api-open = 打开
api-example = 示例
copy-example = 复制示例
api-answer = 回答
api-default = 默认
api-such-as = 例如
api-rules = 可以依赖的约定
api-rule-keys = 只会增加新的键，不会改名。
api-rule-values = 编号是数字。种子是文本，因为它可能超出 JavaScript 能精确表示的范围。时间采用 RFC 3339，UTC，精确到毫秒。
api-rule-request = 能用 `GET` 的地方都能用 `HEAD`。每个回答都带有 `X-Request-Id`，日志中也有同样的编号。
api-rule-again = JSON 带有 `ETag`。把它作为 `If-None-Match` 发回，只要没有变化，就会得到没有正文的 `304`。
api-door = 谁可以访问
api-door-open = 本服务器不要求密码或令牌：能访问到它的人都可以读取。
api-door-password = 本服务器要求密码：使用 HTTP Basic，用户名任意。
api-door-token = 本服务器要求令牌：`Authorization: Bearer …`。
api-door-either = 本服务器要求令牌（`Authorization: Bearer …`），或通过 HTTP Basic 提供密码，用户名任意。
api-door-more = `comfy-recall token NAME` 生成令牌，可只读（`--scope read`），也可不受限制（`full`）。`comfy-recall password` 生成配置中保存的密码散列。`/healthz` 对所有人开放。出错太多次的人需要等待，时长见 `Retry-After`。
api-which = 选择哪些生成
api-which-about = 这些参数用来缩小每个列表、统计和打包的范围。同时使用多个会进一步缩小。
api-which-pages = 列表带有 `next` 和 `prev`：用 `next=` 加上那段文本再次请求，就能得到更早的生成。期间新记录的内容不会打乱分页。
api-narrowed = 可用以下参数缩小范围
tag-generations = ComfyUI 运行了什么
tag-files = 生成的文件
tag-search = 查找与统计
tag-server = 服务器状况
tag-other = 其他
api-events = 事件
api-events-about = `/events` 是服务器发送事件（SSE）的流：有变化时立刻告知。
event-hello = 从这里开始，所有变化都会告知。
event-reload = 变化太多，不再逐一告知：请重新读取列表。
event-generation = 有新的生成，或它的记录、文件有变化：`{"{"}"runs":[{"{"}"id":7,"status":"pending"{"}"}]{"}"}`
event-instance = 某个服务器上线或离开，或队列有变化：`{"{"}"names":["default"]{"}"}`
event-storage = 无法再写入，或恢复写入。
event-beat = 十五秒内没有变化。
api-events-again = 每个事件都有编号。带着它回来（`Last-Event-ID`，浏览器会自动发送；或 `?after=`），只要错过的事件还在最近一千个之内，就会补发；否则会收到 `reload`。
api-webhooks = Webhook
api-webhooks-about = 无法保持连接的程序，会在生成结束且文件就绪后被调用。在 `config.toml` 中，每个地址写一次：
api-webhooks-signed = 该地址会收到一个 `POST`，包含列表中该生成的信息及其 `outputs`，并按 Standard Webhooks 签名：`webhook-id`、`webhook-timestamp`、`webhook-signature`。
api-webhooks-again = 只要回答不是 2xx，或十五秒内没有回答，就会重发：先隔五秒，之后间隔越来越长，持续一周，重启后也会继续。同一条可能收到两次，`webhook-id` 相同。
api-compatible = 现有脚本使用的接口
api-compatible-about = 为 ComfyUI 历史记录或其历史插件编写的脚本，只需更换基础地址。下面每个地址在 `/api` 之下同样可用。
compatible-history = 所有已结束的生成，采用 ComfyUI 的格式：`max_items`、`offset`
compatible-history-one = 其中之一
compatible-view = 按 ComfyUI 的文件名取文件：`filename`、`subfolder`、`type`、`prompt_id`
compatible-queue = 等待中和运行中的任务
compatible-prompt = 其数量
compatible-jobs = 全部合成一个列表：`status`、`workflow_id`、`sort_by`、`sort_order`、`limit`、`offset`
compatible-job = 其中之一
compatible-artifacts = 插件的列表：`date`、`status`、`limit`、`offset`
compatible-artifact = 其中之一
api-compatible-more = 会更改 ComfyUI 的请求一律回答 405。错误采用这些客户端熟悉的格式。与 ComfyUI 的差异见 `docs/compatible.md`。
api-scripts = 三个脚本
script-sh = Shell：昨天失败的生成
script-python = Python：把最近十张图片存入文件夹
script-js = JavaScript：用过哪些模型，各用了多少次
api-errors = 错误
api-errors-about = 所有错误格式相同。代码永不改变；消息说明该怎么做。
api-code = 代码
api-status = 状态
api-meaning = 含义
api-objects = 回答的内容
code-parameter = 某个参数无法使用；消息说明原因以及可用的写法。
code-request = 按 ComfyUI 格式发来的请求无法回答；消息说明原因。
code-file = 这里没有该摘要或该名称的文件。
code-job = 没有记录过这个编号的生成；ComfyUI 的 `/api/jobs` 会这样回答。
code-read-only = 这会更改 ComfyUI。comfy-recall 只供读取：请发给 ComfyUI 本身。
code-range = 请求的范围超出了文件；`Content-Range` 给出文件长度。
code-host = 本服务器不以 `Host` 头中的名称为名；可用 `--allow-host` 添加。
code-too-many = 您的地址发来了太多错误的密码或令牌；`Retry-After` 说明何时再试。
