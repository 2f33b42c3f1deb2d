<#
.SYNOPSIS
    Starts comfy-recall at every log-on, without a window, and restarts it if it fails. Needs no administrator rights.
.DESCRIPTION
    Registers a scheduled task "comfy-recall" for your account and starts it. Run it again to replace the task.
    The program is -Program, or comfy-recall.exe next to this script, in the active virtual environment, or on the PATH.
    All other options are read from config.toml, see docs/configuration.md. A password belongs there.
.EXAMPLE
    powershell -ExecutionPolicy Bypass -File install.ps1
.EXAMPLE
    powershell -ExecutionPolicy Bypass -File install.ps1 -ComfyUI http://192.168.1.20:8188 -ComfyUIDir "D:\ComfyUI"
.EXAMPLE
    powershell -ExecutionPolicy Bypass -File install.ps1 -Program .\python_embeded\Scripts\comfy-recall.exe
#>
[CmdletBinding()]
param(
    # Address of ComfyUI, or several addresses.
    [string[]]$ComfyUI = @(),
    # ComfyUI's folder on this machine, or several as NAME=FOLDER.
    [string[]]$ComfyUIDir = @(),
    # Data folder.
    [string]$DataDir,
    # Address to listen on, as HOST:PORT.
    [string]$Listen,
    # Configuration file.
    [string]$Config,
    # Path of comfy-recall.exe.
    [string]$Program
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

function Find-Program {
    $places = @()
    if ($Program) {
        $places += $Program
    } else {
        $places += Join-Path $PSScriptRoot 'comfy-recall.exe'
        # At the top of the unpacked archive.
        $places += Join-Path $PSScriptRoot '..\..\comfy-recall.exe'
        if ($env:VIRTUAL_ENV) {
            $places += Join-Path $env:VIRTUAL_ENV 'Scripts\comfy-recall.exe'
        }
        $known = Get-Command 'comfy-recall.exe' -CommandType Application -ErrorAction SilentlyContinue
        if ($known) {
            $places += @($known)[0].Path
        }
    }
    foreach ($place in $places) {
        if (Test-Path -LiteralPath $place -PathType Leaf) {
            return (Resolve-Path -LiteralPath $place).Path
        }
    }
    # until published: pypi
    throw "comfy-recall.exe wasn't found in: $($places -join ', '). Install it from a checkout with: cargo install --locked --path . Or give its path with -Program"
}

# One argument as a Windows program reads it: in quotation marks, and those and the backslashes before them escaped.
function Format-Argument([string]$text) {
    if ($text -and $text -notmatch '[\s"]') {
        return $text
    }
    $escaped = $text -replace '(\\*)"', '$1$1\"'
    $escaped = $escaped -replace '(\\+)$', '$1$1'
    return '"' + $escaped + '"'
}

# A text inside of single quotation marks of PowerShell.
function Format-Quoted([string]$text) {
    return "'" + ($text -replace "'", "''") + "'"
}

$path = Find-Program
$arguments = @('serve')
foreach ($url in $ComfyUI) { $arguments += '--comfyui', $url }
foreach ($folder in $ComfyUIDir) { $arguments += '--comfyui-dir', $folder }
if ($DataDir) { $arguments += '--data-dir', $DataDir }
if ($Listen) { $arguments += '--listen', $Listen }
if ($Config) { $arguments += '--config', $Config }
$line = ($arguments | ForEach-Object { Format-Argument $_ }) -join ' '

# Says what is wrong with the options now, while somebody looks: `config` reads them as `serve` does.
$check = @('config') + @($arguments | Select-Object -Skip 1)
& $path @check | Out-Null
if ($LASTEXITCODE -ne 0) {
    throw 'nothing was installed: comfy-recall rejects these options, see above'
}

# A console program has a window: this one shares that of a hidden PowerShell, which starts it again when it fails. The
# task's own RestartCount is for a PowerShell that can't be started, not for what it ends with. 2 is a configuration that
# can't be used: trying again doesn't help.
$folder = Join-Path $env:LOCALAPPDATA 'comfy-recall'
New-Item -ItemType Directory -Force -Path $folder | Out-Null
$log = Join-Path $folder 'comfy-recall.log'
$start = @"
while (`$true) {
    `$p = Start-Process -FilePath $(Format-Quoted $path) -ArgumentList $(Format-Quoted $line) -RedirectStandardError $(Format-Quoted $log) -NoNewWindow -Wait -PassThru
    if (`$p.ExitCode -in 0, 2) { exit `$p.ExitCode }
    Start-Sleep -Seconds 15
}
"@
$encoded = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($start))
$action = New-ScheduledTaskAction -Execute 'powershell.exe' `
    -Argument "-NoProfile -NonInteractive -WindowStyle Hidden -EncodedCommand $encoded"
$user = [Security.Principal.WindowsIdentity]::GetCurrent().Name
$trigger = New-ScheduledTaskTrigger -AtLogOn -User $user
$principal = New-ScheduledTaskPrincipal -UserId $user -LogonType Interactive -RunLevel Limited
$settings = New-ScheduledTaskSettingsSet -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -StartWhenAvailable `
    -MultipleInstances IgnoreNew -ExecutionTimeLimit ([TimeSpan]::Zero) `
    -RestartCount 255 -RestartInterval (New-TimeSpan -Minutes 1)

$known = Get-ScheduledTask -TaskName 'comfy-recall' -ErrorAction SilentlyContinue
if ($known) {
    & (Join-Path $PSScriptRoot 'uninstall.ps1')
}
Register-ScheduledTask -TaskName 'comfy-recall' -Description 'Records what ComfyUI makes' `
    -Action $action -Trigger $trigger -Principal $principal -Settings $settings -Force | Out-Null
Start-ScheduledTask -TaskName 'comfy-recall'

Write-Host "comfy-recall is running, and starts whenever you log on. Program: $path"
Write-Host 'History: http://127.0.0.1:8588, unless you chose another address. To uninstall: uninstall.ps1'
Write-Host "Log: $log"
