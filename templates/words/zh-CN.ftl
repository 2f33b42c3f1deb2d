# 页面上的所有文字，与 en.ftl 的键一一对应。

# Frame
history = 历史
status-page = 状态
pages = 页面
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
date-day = %-m月%-d日 %A
date-day-year = %Y年%-m月%-d日 %A
date-month = %Y年%-m月
duration-millis = { $millis } 毫秒
duration-seconds = { $seconds } 秒
duration-minutes = { $minutes } 分 { $seconds } 秒
duration-hours = { $hours } 小时 { $minutes } 分
run-number = 生成 { $id }

# History
turn = { $n ->
    [0] 队列中的下一个
   *[other] 队列中前面还有 { $n } 个
}
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

# Keys
keys = 按键
keys-arrows = 在卡片之间移动
keys-ends = 第一张卡片，最后一张卡片
keys-enter = 打开
keys-beside = 在单次生成的页面：较新的一次，较旧的一次
keys-filter = 转到筛选
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
trouble-temp-deleted = 复制之前 ComfyUI 就清空了它的 temp 文件夹。
trouble-deleted = 复制之前就被删除或改名了。
trouble-unknown-folder = ComfyUI 没有这个文件夹。
trouble-outside-folders = 它的名称指向 ComfyUI 的文件夹之外。
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
take-along = 带走
all-files = 全部文件（ZIP）
download = 下载
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
fact-frames = 帧数
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
error-no-file = 这里没有该摘要对应的文件。
error-method = 这个地址只能读取：请使用 GET 或 HEAD。
error-host-missing = 请求缺少 Host 头。
error-host = 本服务器不以 { $name } 为名；如需添加，请以 --allow-host NAME 启动。
error-unauthorized = 需要密码或令牌。
error-origin = 只有本服务器的页面才能在这里进行更改。
error-form = 无法读取这个表单；请重新打开所在页面。
error-range = 文件有 { $size } 字节，请求的范围超出了它。
error-internal = 这里出了问题；详情见 comfy-recall 的日志。
error-request = 请在日志中查找请求 { $id }。
to-the-history = 返回历史

# Scripts
js-new = { $n } 个新的
js-many-new = 有许多新的
js-loading = 正在读取更多
js-load-error = 无法读取后面的内容。
js-retry = 重试
js-that-was-all = 已全部显示
js-offline = 自 { $name } 起与 comfy-recall 失去连接
js-copied = 已复制
js-copy-failed = 请按 Ctrl+C
