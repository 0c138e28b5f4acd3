# Ends the collector and takes its task away. The files in %LOCALAPPDATA%\thor stay; delete the folder by hand.
$ErrorActionPreference = "Stop"
Stop-ScheduledTask -TaskName "Thor collector" -ErrorAction SilentlyContinue
Unregister-ScheduledTask -TaskName "Thor collector" -Confirm:$false
Write-Host "The task is gone. The settings and the spool are still in $(Join-Path $env:LOCALAPPDATA 'thor')."
