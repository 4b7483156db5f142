// What a page owes its readers, as far as a program can see it. Answers the list of what is wrong.
const wrong = [];
const check = (fine, what) => fine || wrong.push(what);
const all = (css) => [...document.querySelectorAll(css)];
const name = (element) => element.outerHTML.slice(0, 120);
const root = document.documentElement;
const shown = (element) => element.getClientRects().length > 0;
// What a closed part of the page holds is owed, too.
const closed = all('details:not([open])');
closed.forEach((part) => { part.open = true; });

check(/^(en|es)$/.test(root.lang), `html lang is "${root.lang}"`);
check(all('h1').length === 1, `${all('h1').length} h1`);
check(all('main').length <= 1, 'more than one main');
check(document.title.trim() !== '', 'no title');
check(document.title.startsWith('Error: ') === (all('.problem').length > 0), `title "${document.title}" and errors disagree`);
check(root.scrollWidth <= root.clientWidth, `scrolls sideways: ${root.scrollWidth} of ${root.clientWidth}`);
const isDesk = location.pathname.startsWith('/console');
const script = isDesk ? 'script:not([src^="/console/assets/"])' : 'script';
check(all(`${script}, [style], [onclick]`).length === 0 || document.body.dataset.mail, 'script or style attribute');

const ids = all('[id]').map((element) => element.id);
check(new Set(ids).size === ids.length, `ids repeat: ${ids}`);
for (const attribute of ['aria-describedby', 'aria-labelledby', 'for']) {
    for (const element of all(`[${attribute}]`)) {
        for (const id of element.getAttribute(attribute).split(' ')) {
            check(document.getElementById(id), `${attribute} points nowhere: ${name(element)}`);
        }
    }
}

// Forms: a label each, a group around choices, each error told at its field and linked from the summary.
for (const field of all('input:not([type=hidden]), select, textarea')) {
    check(field.ariaLabel || [...field.labels].some((label) => label.innerText.trim()), `no label: ${name(field)}`);
    check(field.type !== 'radio' || field.closest('fieldset')?.querySelector('legend')?.innerText.trim(), `no legend: ${name(field)}`);
}
for (const error of all('.error')) {
    check(all('[aria-describedby]').some((field) => field.getAttribute('aria-describedby').split(' ').includes(error.id)), `error of no field: ${name(error)}`);
}
for (const link of all('.problem a')) {
    check(document.getElementById(link.hash.slice(1))?.matches('input, select'), `summary leads nowhere: ${name(link)}`);
}
for (const element of all('a, button, summary, legend, h1, h2, option')) {
    check((element.innerText || element.textContent).trim() !== '', `no text: ${name(element)}`);
}

// Targets: 44 pixels high, links within a sentence apart. Staff, who have a mouse, see rows of 32 and links of 24.
for (const target of all('button, .button, select, input:not([type=hidden], [type=radio], [type=checkbox]), .choice label, summary, header a, footer a, .problem a')) {
    // What a narrow or a wide screen leaves out is no target there.
    if (!shown(target)) continue;
    const { height } = target.getBoundingClientRect();
    const least = isDesk ? (target.matches('a, .link, .plain, summary') ? 24 : 32) : 44;
    check(height >= least, `${height} pixels high: ${name(target)}`);
}

// Contrast: 4.5 to 1 for text, whatever its size.
const channels = (color) => color.match(/[\d.]+/g).map(Number);
const light = (color) => {
    const [r, g, b] = channels(color).map((value) => value / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
        const color = getComputedStyle(at).backgroundColor;
        if (channels(color)[3] !== 0) return color;
    }
    return 'rgb(255, 255, 255)';
};
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !shown(element) || element.closest('style, script, option')) continue;
    const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    check(ratio >= 4.5, `contrast ${ratio.toFixed(2)}: ${name(element)}`);
}
closed.forEach((part) => { part.open = false; });
return wrong;
