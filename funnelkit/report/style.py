"""The page's style sheet: one column, light and dark, small screens, print."""

from typing import Final

from funnelkit.report.theme import FONT_STACK, dark_rules

_LIGHT: Final = (
    "--ink:#1f2328;--muted:#59636e;--paper:#ffffff;--line:#d1d9e0;--soft:#f6f8fa;--shade:#1f232840;"
)
_DARK: Final = (
    "--ink:#e6edf3;--muted:#9198a1;--paper:#0d1117;--line:#30363d;--soft:#151b23;--shade:#e6edf338;"
)

_RULES: Final = (
    "*{box-sizing:border-box}",
    "html{-webkit-text-size-adjust:100%}"
    "@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}",
    f"body{{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 {FONT_STACK}}}",
    "header,main{max-width:752px;margin:0 auto;padding:0 16px}",
    "header{padding-top:40px}main{padding-bottom:64px}",
    "h1{font-size:30px;line-height:1.2;margin:0 0 8px;text-wrap:balance}",
    "h2{font-size:22px;line-height:1.3;margin:48px 0 8px;padding-top:24px;"
    "border-top:1px solid var(--line)}",
    "h3{font-size:17px;margin:36px 0 4px}",
    "p,ul{margin:0 0 12px}ul{padding-left:20px}li{margin-bottom:6px}",
    "h1,h2,h3,p,li,caption{overflow-wrap:anywhere}",
    ".lead{font-size:18px;color:var(--muted)}",
    ".facts{list-style:none;padding:0;color:var(--muted);font-size:14px;"
    "display:flex;flex-wrap:wrap;gap:2px 20px}.facts li{margin:0}",
    # Sections alone are linked, or the figures of the only one; all of them in a wide margin.
    "nav{margin:20px 0 0;font-size:14px}nav ul{list-style:none;padding:0;margin:0;display:flex;"
    "flex-wrap:wrap;gap:8px}nav li{margin:0}nav ul ul{display:none}"
    ".one ul ul,.one li{display:contents}nav a{display:block;padding:4px 12px;"
    "border:1px solid var(--line);border-radius:16px;text-decoration:none}"
    "nav a:hover{background:var(--soft)}",
    "a{color:var(--link)}h2 a,h3 a{color:inherit;text-decoration:none}"
    "h2 a:hover,h3 a:hover{text-decoration:underline;text-underline-offset:4px}"
    "a:focus-visible,summary:focus-visible,.scroll:focus-visible{"
    "outline:2px solid var(--link);outline-offset:2px;border-radius:4px}",
    "p span,li span{white-space:nowrap}",
    # At the window's lower end as long as the page goes on, below the text at its end.
    ".up{position:sticky;bottom:12px;display:block;width:40px;margin:0 12px 12px auto;"
    "background:var(--paper);border:1px solid var(--line);border-radius:20px;line-height:38px;"
    "text-align:center;text-decoration:none}",
    ".findings{margin-top:28px;padding:4px 20px 8px;background:var(--soft);"
    "border:1px solid var(--line);border-left:4px solid var(--link);border-radius:6px}",
    ".findings h2{margin:12px 0 6px;padding:0;border:0;font-size:18px}"
    ".findings h3{margin:18px 0 6px;font-size:16px}",
    "svg{display:block;overflow:visible;max-width:100%;height:auto;fill:none}"
    "figure{margin:0}.wide,.narrow,.both{margin:12px -16px}.narrow{display:none}",
    # A table may be wider than the text where the window has room for it, and scrolls elsewhere.
    # The shadow at an edge says that the table goes on there: at the end of the way a piece of
    # paper, which moves with the table, lies over it.
    ".scroll{overflow-x:auto;width:max-content;min-width:100%;max-width:calc(50vw + 336px);"
    "margin:8px 0 0;border:1px solid var(--line);border-radius:6px;"
    "background:linear-gradient(90deg,var(--paper) 40%,transparent) 0/48px 100% no-repeat local,"
    "linear-gradient(270deg,var(--paper) 40%,transparent) 100%/48px 100% no-repeat local,"
    "linear-gradient(90deg,var(--shade),transparent) 0/16px 100% no-repeat scroll,"
    "linear-gradient(270deg,var(--shade),transparent) 100%/16px 100% no-repeat scroll,"
    "var(--paper)}",
    ".cue{display:none;margin:8px 0 0;color:var(--muted);font-size:13px}",
    "details{margin:8px 0 0}summary{cursor:pointer;padding:6px 0;color:var(--link);font-size:14px}",
    # Lines of collapsed borders would stay behind when a column sticks.
    "table{border-collapse:separate;border-spacing:0;width:100%;font-size:14px;line-height:1.4;"
    "font-variant-numeric:tabular-nums}",
    "caption{text-align:left;padding:8px 12px;color:var(--muted);font-size:13px}",
    "caption span{position:sticky;left:12px;display:inline-block;max-width:calc(100vw - 60px)}",
    "th,td{padding:6px 12px;text-align:right;white-space:nowrap;border-top:1px solid var(--line)}",
    "thead th{font-weight:600;color:var(--muted);white-space:normal;vertical-align:bottom;"
    "max-width:110px}",
    "tbody th{font-weight:400;min-width:104px;max-width:280px;overflow-wrap:break-word}",
    "tbody th,td.w{white-space:normal}.w span{white-space:nowrap}"
    "tr>:first-child{position:sticky;left:0;background:var(--paper)}",
    "tr>:first-child,.l,.s{text-align:left}td.s{white-space:normal;min-width:240px}",
    "p.title{font-weight:700;line-height:1.3;margin:16px 0 4px}"
    ".method{color:var(--muted);font-size:13px;line-height:1.35;margin:0}",
    ".notes{margin:10px 0 0;color:var(--muted);font-size:14px}.notes li{margin-bottom:3px}",
    "#basis ul,#basis p:not(.title,.method){font-size:14px}",
    "code{font:13px/1.4 'Liberation Mono',Consolas,monospace;background:var(--soft);"
    "padding:2px 6px;border-radius:4px}",
)
_SMALL: Final = (
    "h1{font-size:25px}h2{font-size:20px}.wide{display:none}.narrow{display:block}"
    ".scroll{max-width:100%}th,td{padding:6px 5px}caption{padding:8px}"
    "tbody th{min-width:80px;max-width:40vw;overflow-wrap:anywhere}"
    "@media (max-width:559px){.cue{display:block}tbody th{min-width:120px}"
    ".cue+.scroll td.w{white-space:nowrap}th,td{padding:6px 8px}}"
    "@media (min-width:420px){.few{display:none}}"
    "header{padding-top:24px}.findings{padding:4px 14px 8px}"
)
# Beside the text, in the margin left of it, and there all the time.
_LARGE: Final = (
    "nav{position:fixed;top:0;bottom:0;left:calc(50vw - 624px);width:224px;margin:0;"
    "padding:46px 8px 24px 0;overflow-y:auto;overflow-wrap:anywhere;line-height:1.35}"
    "nav ul,nav ul ul,.one ul ul{display:block}nav li,.one li{display:block}"
    "nav a{padding:4px 10px;border:0;border-left:2px solid var(--line);border-radius:0}"
    "nav ul ul a{padding-left:24px;font-size:13px;color:var(--muted)}"
    "nav a:hover{border-color:var(--link)}.up{display:none}"
)
_PRINT: Final = (
    "@page{size:A4;margin:15mm}"
    "body{font-size:10.5pt}nav,.up{display:none}header,main{max-width:none;padding:0}"
    "header{padding:0}h1{font-size:20pt}h2{font-size:15pt;margin-top:22pt;padding-top:10pt}"
    "h3{font-size:12pt;margin-top:16pt}"
    ".wide{display:block}.wide,.both{margin:8px -15px}.narrow{display:none}"
    ".scroll{overflow:visible;border:0;max-width:none;width:100%;background:none}"
    ".cue,summary{display:none}details::details-content{content-visibility:visible;display:block}"
    "table{font-size:8pt}th,td{padding:2px 4px;"
    "white-space:normal}h2,h2+p,h3,h3+p{break-after:avoid}figure,.scroll,tr,li,.findings{"
    "break-inside:avoid}details .scroll{break-inside:auto}"
    "thead,tbody tr:first-child{break-after:avoid}p{orphans:3;widows:3}"
    "caption{padding:2px 4px;font-size:8pt}tr>:first-child,caption span{position:static}"
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}"
)

STYLE: Final = "\n".join(
    (
        "",
        f":root{{color-scheme:light dark;{_LIGHT}--link:#0072B2}}",
        *_RULES,
        f"@media (max-width:783px){{{_SMALL}}}",
        f"@media screen and (min-width:1280px){{{_LARGE}}}",
        "@media screen and (prefers-color-scheme:dark){",
        f":root{{{_DARK}--link:#56B4E9}}",
        dark_rules("svg "),
        "}",
        f"@media print{{:root{{color-scheme:light}}{_PRINT}}}",
        "",
    )
)
