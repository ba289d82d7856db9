// Before the first paint, and not inline: the Content-Security-Policy allows no inline script.
var name = location.protocol === "https:" ? "__Host-theme" : "theme";
var theme = new RegExp("(?:^|; )" + name + "=(light|dark)").exec(document.cookie);
if (theme) document.documentElement.dataset.theme = theme[1];
