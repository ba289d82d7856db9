#!/bin/sh
# Fails when docs/SECURITY.md names a file or a test that is not there, or when its lists and its tables disagree.
set -eu
cd "$(dirname "$0")/.."
doc=docs/SECURITY.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$work/problems"
problem() { echo "$doc: $*" >>"$work/problems"; }

# `file::test`, and files of this repository, as they stand between backticks. In Rust a test is a function, in TypeScript a title.
grep -o '`[^`]*`' "$doc" | tr -d '`' | sort -u >"$work/names"
while IFS= read -r name; do
    case $name in
    *.rs::* | *.ts::* | *.tsx::*)
        file=${name%%::*} test=${name#*::}
        if [ ! -f "$file" ]; then
            problem "there is no file $file"
        elif case $file in
            *.rs) ! grep -Eq "fn $test\(" "$file" ;;
            *) ! grep -Fq "\"$test\"" "$file" ;;
            esac then
            problem "there is no test $test in $file"
        fi
        ;;
    *' '* | *'*'*) ;;
    server/* | client/* | docs/* | migrations/* | .ci/* | Cargo.lock | docker-compose.yml | .dockerignore)
        [ -e "$name" ] || problem "there is no $name"
        ;;
    esac
done <"$work/names"

# Links to other pages.
grep -o '](\([^)]*\))' "$doc" | sed 's/^](//; s/)$//; s/#.*//' | sort -u | while IFS= read -r link; do
    case $link in '' | http*) ;; *) [ -e "docs/$link" ] || problem "the link to $link leads nowhere" ;; esac
done

# Every requirement once, with one of four verdicts; the lists at the top and the counts say the same.
grep -E '^\| [0-9]+\.[0-9]+\.[0-9]+ \|' "$doc" | awk -F ' *[|] *' '{ print $2 "\t" $5 "\t" $6 }' >"$work/rows"
cut -f1 "$work/rows" | sort | uniq -d | while IFS= read -r number; do problem "$number stands there twice"; done
awk -F '\t' '$2 != "met" && $2 != "partly" && $2 != "not met" && $2 != "not applicable" { print $1, $2 }' "$work/rows" |
    while IFS= read -r row; do problem "not a verdict: $row"; done
awk -F '\t' '$2 != "not met" && $3 == "" { print $1 }' "$work/rows" |
    while IFS= read -r number; do problem "$number does not say how"; done
listed() { # the numbers in bold under a heading
    sed -n "/^### $1\$/,/^##/p" "$doc" | sed -n 's/^- \*\*\([0-9., ]*\)\*\*.*/\1/p' | tr ',' '\n' | tr -d ' ' | sort
}
for pair in 'Not met:not met' 'Partly met:partly'; do
    listed "${pair%%:*}" >"$work/listed"
    awk -F '\t' -v verdict="${pair#*:}" '$2 == verdict { print $1 }' "$work/rows" | sort >"$work/judged"
    diff "$work/listed" "$work/judged" >"$work/diff" || problem "the list '${pair%%:*}' and the tables disagree: $(grep '^[<>]' "$work/diff" | tr '\n' ' ')"
done
awk -F '\t' '{ split($1, at, "."); chapter = at[1]; all[chapter]++; of[chapter, $2]++ }
    END { for (c in all) print c, all[c], of[c, "met"] + 0, of[c, "partly"] + 0, of[c, "not met"] + 0, of[c, "not applicable"] + 0 }' \
    "$work/rows" | sort -n >"$work/counted"
sed -n 's/^| V\([0-9]*\) [^|]*| \([0-9]*\) | \([0-9]*\) | \([0-9]*\) | \([0-9]*\) | \([0-9]*\) |$/\1 \2 \3 \4 \5 \6/p' "$doc" |
    sort -n >"$work/said"
diff "$work/said" "$work/counted" >"$work/diff" || problem "the counts are not those of the tables: $(grep '^>' "$work/diff" | tr '\n' ' ')"
total=$(wc -l <"$work/rows" | tr -d ' ')
grep -q "^Of the $total requirements" "$doc" || problem "there are $total requirements in the tables, and the text says otherwise"

if [ -s "$work/problems" ]; then
    cat "$work/problems" >&2
    exit 1
fi
echo "$doc: every test and file it names is there, $total requirements"
