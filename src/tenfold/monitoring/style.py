"""The style sheet of a report: the page's tokens in small, so that the file stands alone."""

STYLE = """
:root{color-scheme:light dark;--bg:light-dark(#fff,#131518);--ink:light-dark(#1b1f24,#e6e8eb);--soft:light-dark(#5c6670,#9aa3ad);
--line:light-dark(#e2e5e9,#2a2e34);--hover:light-dark(#f6f7f9,#1a1d21);--ref:light-dark(#c9ced6,#454b54);
--cur:light-dark(#2563c9,#6ba4f8);--bad:light-dark(#b3261e,#f2857c);--ok:light-dark(#1c7440,#63c68a);--unsure:light-dark(#8a5a00,#e0ae52)}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);
font:13px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1180px;margin:0 auto;padding:28px 20px 60px}
header{display:flex;justify-content:space-between;align-items:flex-start;gap:16px;flex-wrap:wrap}
h1{font-size:22px;line-height:1.25;margin:0;font-weight:650;overflow-wrap:anywhere}.about{margin:2px 0 0;color:var(--soft)}
h2{font-size:14px;margin:32px 0 8px;font-weight:650}small{font-size:12px;color:var(--soft);font-weight:400}
.state{font-weight:600;white-space:nowrap}.state:before{content:"";display:inline-block;width:8px;height:8px;margin-right:6px}
.state.bad{color:var(--bad)}.state.bad:before{background:var(--bad);transform:rotate(45deg)}
.state.ok{color:var(--ok)}.state.ok:before{background:var(--ok);border-radius:50%}
.state.unsure{color:var(--unsure)}.state.unsure:before{border:2px solid var(--unsure);border-radius:50%}header .state{font-size:15px;padding-top:4px}
.figures{display:flex;flex-wrap:wrap;gap:12px 36px;margin:20px 0 0}.figures dd{margin:0;font-size:20px;font-weight:600}.figures dt{color:var(--soft)}
ul{margin:0;padding-left:18px}li{margin:3px 0}.alarms{list-style:none;padding:0}
.alarms li{border-left:3px solid var(--bad);padding:2px 0 2px 10px;margin:6px 0;overflow-wrap:anywhere}.alarms b{color:var(--bad);font-weight:600;margin-right:6px}
table{border-collapse:collapse;width:100%}.narrow{max-width:520px}.wide{overflow-x:auto}
th,td{padding:5px 14px 5px 0;text-align:right;border-bottom:1px solid var(--line);vertical-align:middle;font-weight:400}
th,td.l{text-align:left}tbody th{font-weight:550;max-width:220px;overflow-wrap:break-word;min-width:96px}thead th,thead td{color:var(--soft);font-size:12px;white-space:nowrap}
.columns td{white-space:nowrap}.columns td:last-child,.columns td:nth-child(3){white-space:normal}.columns td:nth-child(3){max-width:170px}tbody tr:hover{background:var(--hover)}
code{font:11.5px ui-monospace,"SF Mono",Menlo,Consolas,monospace;color:var(--soft)}
svg{display:block}.d{width:220px;height:46px}.ref{fill:var(--ref)}.bar{fill:var(--cur)}
.cur{fill:none;stroke:var(--cur);stroke-width:1.5;stroke-linejoin:round}.base{stroke:var(--line)}
.legend{margin-left:10px}.legend i{display:inline-block;width:14px;height:9px;margin:0 5px 0 8px}.kr{background:var(--ref)}.kc{border-top:2px solid var(--cur);height:0!important;vertical-align:middle}
.trends{display:flex;flex-wrap:wrap;gap:16px 28px}figure{margin:0;width:260px;max-width:100%}figcaption{color:var(--soft)}figcaption b{color:var(--ink);font-weight:600;margin-left:4px}
.t{width:260px;max-width:100%;height:56px}.line{fill:none;stroke:var(--cur);stroke-width:1.5}.dot{fill:var(--cur)}.now{fill:var(--cur);stroke:var(--bg);stroke-width:1.5}.limit{stroke:var(--bad);stroke-dasharray:4 3;opacity:.7}
@media print{main{max-width:none}}
""".replace("\n", "")
