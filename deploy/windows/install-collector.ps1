# Installs the collector for the user who runs this, and a task that starts it at logon. See README.md beside it.
param(
    [Parameter(Mandatory = $true)][string]$Wheels,
    [string]$Source = "excel_live",
    [string]$Python = "py"
)
$ErrorActionPreference = "Stop"
Set-StrictMode -Version Latest

$home_ = Join-Path $env:LOCALAPPDATA "thor"
$venv = Join-Path $home_ "venv"
$settings = Join-Path $home_ "collector.env"
$log = Join-Path $home_ "collector.log"
$runner = Join-Path $home_ "run-collector.ps1"
New-Item -ItemType Directory -Force -Path $home_ | Out-Null

if (-not (Test-Path (Join-Path $venv "Scripts\python.exe"))) { & $Python -m venv $venv }
if ($LASTEXITCODE) { throw "Python could not make $venv." }
$pip = Join-Path $venv "Scripts\python.exe"
$wheel = Get-ChildItem -Path $Wheels -Filter "thor-*.whl" | Sort-Object Name | Select-Object -Last 1
$core = Get-ChildItem -Path $Wheels -Filter "thor_fast-*win_amd64.whl" | Sort-Object Name | Select-Object -Last 1
if ($null -eq $wheel -or $null -eq $core) { throw "There must be a wheel of thor and a win_amd64 wheel of thor_fast in $Wheels." }
# Both by their files: in the public index these names are nobody's, or somebody else's.
& $pip -m pip install --upgrade $core.FullName "thor[excel,schwab] @ file:///$($wheel.FullName -replace '\\', '/')"
if ($LASTEXITCODE) { throw "The packages could not be installed." }

if (-not (Test-Path $settings)) {
    $url = Read-Host "REDIS_URL (rediss://user:password@server:6380/0)"
    Set-Content -Path $settings -Value "REDIS_URL=$url" -Encoding UTF8
}
# The file holds a password: nobody but this user may read it.
& icacls $settings /inheritance:r /grant:r "$($env:USERDOMAIN)\$($env:USERNAME):F" | Out-Null

@"
`$ErrorActionPreference = "Stop"
Get-Content -Path "$settings" | Where-Object { `$_ -match '^\s*([A-Z_0-9]+)=(.*)$' } | ForEach-Object {
    [Environment]::SetEnvironmentVariable(`$Matches[1], `$Matches[2].Trim(), "Process")
}
& "$venv\Scripts\thor.exe" collect $Source *>> "$log"
exit `$LASTEXITCODE
"@ | Set-Content -Path $runner -Encoding UTF8

$action = New-ScheduledTaskAction -Execute "powershell.exe" `
    -Argument "-NoProfile -ExecutionPolicy Bypass -WindowStyle Hidden -File `"$runner`""
$trigger = New-ScheduledTaskTrigger -AtLogOn -User "$($env:USERDOMAIN)\$($env:USERNAME)"
# Interactive: only in the session of the desktop can Excel be seen.
$principal = New-ScheduledTaskPrincipal -UserId "$($env:USERDOMAIN)\$($env:USERNAME)" -LogonType Interactive -RunLevel Limited
$rules = New-ScheduledTaskSettingsSet -RestartCount 999 -RestartInterval (New-TimeSpan -Minutes 1) `
    -ExecutionTimeLimit ([TimeSpan]::Zero) -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -MultipleInstances IgnoreNew
Register-ScheduledTask -TaskName "Thor collector" -Action $action -Trigger $trigger -Principal $principal `
    -Settings $rules -Force | Out-Null
Start-ScheduledTask -TaskName "Thor collector"
Write-Host "Thor collector runs and will start at each logon. Its log: $log"
