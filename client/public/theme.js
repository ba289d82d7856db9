// Before the first paint, and not inline: the Content-Security-Policy allows no inline script.
var theme = /(?:^|; )theme=(light|dark)/.exec(document.cookie);
if (theme) document.documentElement.dataset.theme = theme[1];
