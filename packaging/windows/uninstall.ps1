<#
.SYNOPSIS
    Stops comfy-recall and removes the scheduled task that starts it when you log on.
.DESCRIPTION
    Keeps the history, which is in %LOCALAPPDATA%\comfy-recall\data unless you chose another folder.
.EXAMPLE
    powershell -ExecutionPolicy Bypass -File uninstall.ps1
#>
[CmdletBinding()]
param()

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# What descends from a process: the task knows only the PowerShell that it started.
function Get-Descendant([uint32]$id) {
    foreach ($child in @(Get-CimInstance Win32_Process -Filter "ParentProcessId = $id")) {
        $child
        Get-Descendant $child.ProcessId
    }
}

$task = Get-ScheduledTask -TaskName 'comfy-recall' -ErrorAction SilentlyContinue
if (-not $task) {
    Write-Host 'There is no scheduled task comfy-recall: nothing to remove.'
    return
}

# A task that isn't there can't be started again while its program is stopped. SQLite keeps what was written.
$encoded = ($task.Actions[0].Arguments -split ' ')[-1]
Unregister-ScheduledTask -TaskName 'comfy-recall' -Confirm:$false
$starters = @(Get-CimInstance Win32_Process -Filter "Name = 'powershell.exe'" |
    Where-Object { $_.CommandLine -and $_.CommandLine.EndsWith($encoded) })
foreach ($starter in $starters) {
    foreach ($process in @(Get-Descendant $starter.ProcessId | Where-Object { $_.Name -eq 'comfy-recall.exe' })) {
        Stop-Process -Id $process.ProcessId -Force -ErrorAction SilentlyContinue
    }
    Stop-Process -Id $starter.ProcessId -Force -ErrorAction SilentlyContinue
}
Write-Host 'comfy-recall no longer starts when you log on. Your history was kept.'
