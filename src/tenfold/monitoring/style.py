"""The style sheet and the script of a report: the pages' tokens in small, so that the file stands alone.

The script only hides, sorts and opens what is there; without it every row is still shown.
"""

STYLE = """
:root{color-scheme:light dark;--bg:light-dark(#fff,#131518);--ink:light-dark(#1b1f24,#e6e8eb);--soft:light-dark(#5c6670,#9aa3ad);
--line:light-dark(#e2e5e9,#2a2e34);--hover:light-dark(#f6f7f9,#1a1d21);--ref:light-dark(#c9ced6,#454b54);
--cur:light-dark(#2563c9,#6ba4f8);--bad:light-dark(#b3261e,#f2857c);--ok:light-dark(#1c7440,#63c68a);--unsure:light-dark(#8a5a00,#e0ae52)}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);
font:13px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1220px;margin:0 auto;padding:28px 20px 60px}
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
table{border-collapse:collapse;width:100%}.narrow{max-width:640px}.wide{overflow-x:auto}
th,td{padding:5px 14px 5px 0;text-align:right;border-bottom:1px solid var(--line);vertical-align:middle;font-weight:400}
th,td.l{text-align:left}tbody th{font-weight:550;overflow-wrap:anywhere;min-width:96px}thead th,thead td{color:var(--soft);font-size:12px;white-space:nowrap}
tbody tr:hover{background:var(--hover)}td.l{overflow-wrap:anywhere}tr.sub th{font-weight:400;padding-left:16px;color:var(--soft)}
code{font:11.5px ui-monospace,"SF Mono",Menlo,Consolas,monospace;color:var(--soft)}
svg{display:block}path{vector-effect:non-scaling-stroke}.d{width:100%;max-width:220px;height:30px}.big{width:100%;max-width:560px;height:120px;margin:4px 0 10px}
.ref{fill:var(--ref)}.bar{fill:var(--cur)}
.cur{fill:none;stroke:var(--cur);stroke-width:1.5;stroke-linejoin:round}.base{stroke:var(--line)}
.legend{margin-left:10px}.legend i{display:inline-block;width:14px;height:9px;margin:0 5px 0 8px}.kr{background:var(--ref)}.kc{border-top:2px solid var(--cur);height:0!important;vertical-align:middle}
.trends{display:flex;flex-wrap:wrap;gap:16px 28px}figure{margin:0;width:260px;max-width:100%}figcaption{color:var(--soft)}figcaption b{color:var(--ink);font-weight:600;margin-left:4px}
.t{width:260px;max-width:100%;height:56px}.line{fill:none;stroke:var(--cur);stroke-width:1.5}.dot{fill:var(--cur)}.now{fill:var(--cur);stroke:var(--bg);stroke-width:1.5}.limit{stroke:var(--bad);stroke-dasharray:4 3;opacity:.7}
.tools{display:none;gap:8px;flex-wrap:wrap;align-items:center;margin:0 0 8px}.js .tools{display:flex}
.tools input,.tools select,.tools button{font:inherit;color:inherit;background:var(--bg);border:1px solid var(--line);border-radius:4px;padding:3px 8px;height:28px}
.tools input{width:220px;max-width:100%}:focus-visible{outline:2px solid var(--cur);outline-offset:1px}
.g{display:grid;grid-template-columns:minmax(120px,1.5fr) minmax(110px,1.1fr) minmax(96px,1fr) minmax(140px,.9fr) 84px 72px 104px 104px;gap:0 14px;align-items:center}
.g.sums{grid-template-columns:minmax(140px,2fr) repeat(7,minmax(60px,1fr))}.tests td:first-child{width:96px}.box{max-height:430px;overflow:auto}
.heads{color:var(--soft);font-size:12px;border-bottom:1px solid var(--line);padding:4px 0 4px 16px}
.heads button{all:unset;cursor:pointer;color:inherit;text-align:inherit}.heads button:focus-visible{outline:2px solid var(--cur)}.heads [aria-pressed=true]{color:var(--ink);font-weight:600}
.g>.r{text-align:right}details.c{border-bottom:1px solid var(--line)}
details.c>summary{padding:4px 0 4px 16px;cursor:pointer;list-style:none;position:relative;min-height:38px}details.c>summary::-webkit-details-marker{display:none}
details.c>summary:before{content:"";position:absolute;left:2px;top:16px;border:4px solid transparent;border-left-color:var(--soft)}
details.c[open]>summary:before{transform:rotate(90deg);left:0;top:17px}details.c>summary:hover{background:var(--hover)}
details.c b{font-weight:550;overflow-wrap:anywhere}details.c small{display:block;overflow-wrap:anywhere}.more{padding:6px 0 18px 16px;max-width:760px}.more p{margin:2px 0 6px;color:var(--soft)}
.more table{margin:4px 0 10px;max-width:560px}.more th,.more td{padding:2px 14px 2px 0}
[hidden]{display:none!important}
@media(max-width:760px){.g.heads{display:none}main{padding:20px 14px 48px}.g{grid-template-columns:1fr auto;gap:2px 12px}
.g>:nth-child(3),.g>:nth-child(4),.g>:nth-child(6),.g>:nth-child(7){display:none}.g>:nth-child(8){grid-area:1/2;text-align:right}.g>:nth-child(5){align-self:center}
.g.sums{grid-template-columns:1fr 64px 84px}.sums>:nth-child(n+4){display:none}.g.sums>:nth-child(3){display:block}.figures{gap:10px 24px}.figures dd{font-size:17px}}
@media print{main{max-width:none;padding:0}.box{max-height:none}.tools{display:none!important}details.c{break-inside:avoid}}
""".replace("\n", "")

SCRIPT = """
(()=>{const d=document,all=(s,e=d)=>[...e.querySelectorAll(s)];d.documentElement.classList.add('js');
for(const list of all('.list')){const rows=all('.row',list),find=list.querySelector('input'),pick=list.querySelector('select'),
said=list.querySelector('output'),body=list.querySelector('.rows'),heads=all('.heads button',list);
const show=()=>{const t=find?find.value.trim().toLowerCase():'',s=pick?pick.value:'';let n=0;
for(const r of rows){const on=(!t||(r.dataset.n||r.textContent).toLowerCase().includes(t))&&(!s||r.dataset.s===s);r.hidden=!on;n+=on}
if(said)said.textContent=n===rows.length?'':n+' of '+rows.length};
find&&find.addEventListener('input',show);pick&&pick.addEventListener('change',show);
for(const h of heads)h.addEventListener('click',()=>{const k=h.dataset.by,up=h.getAttribute('aria-pressed')==='true'?!(h.dataset.up==='1'):h.dataset.first==='up';
heads.forEach(o=>o.setAttribute('aria-pressed',o===h));h.dataset.up=up?'1':'0';
const v=r=>{const x=r.dataset[k];return k==='n'||k==='k'?x:x===''?-Infinity:+x};
rows.sort((a,b)=>{const x=v(a),y=v(b);return (x<y?-1:x>y?1:0)*(up?1:-1)});body.append(...rows)});
const open=list.querySelector('.open');open&&open.addEventListener('click',()=>{const shown=rows.filter(r=>!r.hidden&&'open' in r),to=shown.some(r=>!r.open);
shown.forEach(r=>r.open=to)})}
d.addEventListener('keydown',e=>{if(e.key==='/'&&!/INPUT|SELECT/.test(d.activeElement.tagName)){const f=d.querySelector('.list input');if(f){f.focus();e.preventDefault()}}})})()
""".replace("\n", "")
