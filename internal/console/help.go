package console

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/tokenry/tokenry/api"
)

// help shows a page of the guide, or the built-in one.
func (v *visit) help() error {
	name := v.r.PathValue("page")
	if v.Guide == nil {
		if name != "" {
			return v.missing()
		}
		return v.page("Help", helpPage(v))
	}
	pages := v.guidePages()
	if name == "" {
		name = "index"
	}
	if !fs.ValidPath(name) || strings.ContainsAny(name, "/\\") {
		return v.missing()
	}
	b, err := fs.ReadFile(v.Guide, name+".md")
	if errors.Is(err, fs.ErrNotExist) && name == "index" {
		return v.page("Help", guidePage(pages, nil))
	}
	if err != nil {
		return api.Errorf(api.CodeNotFound, "there is no such page").Wrap(err)
	}
	blocks := readMarkdown(string(b))
	return v.page(titleOf(blocks, "Help"), guidePage(pages, blocks))
}

// guidePages lists the pages of the guide.
func (v *visit) guidePages() []link {
	names, err := fs.Glob(v.Guide, "*.md")
	if err != nil {
		return nil
	}
	var out []link
	for _, n := range names {
		key := strings.TrimSuffix(path.Base(n), ".md")
		if key == "index" || key == "README" {
			continue
		}
		b, err := fs.ReadFile(v.Guide, n)
		if err != nil {
			continue
		}
		out = append(out, link{name: titleOf(readMarkdown(string(b)), key), href: "/help/" + key, key: key})
	}
	return out
}

// block is a part of a page of the guide. Spans are text, code and links.
type block struct {
	// kind is h1, h2, h3, p, li, ol or code.
	kind  string
	spans []span1
}

type span1 struct{ text, kind, href string }

// readMarkdown reads the little of Markdown that the guide is written in:
// headings, paragraphs, lists, code blocks, `code`, **bold** and links. The rest
// stays text; no HTML is passed on.
func readMarkdown(s string) []block {
	var out []block
	var para, code []string
	inCode := false
	flush := func() {
		if len(para) > 0 {
			out = append(out, block{"p", readSpans(strings.Join(para, " "))})
			para = nil
		}
	}
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.HasPrefix(line, "```"):
			flush()
			if inCode {
				out = append(out, block{"code", []span1{{text: strings.Join(code, "\n")}}})
				code = nil
			}
			inCode = !inCode
		case inCode:
			code = append(code, line)
		case strings.TrimSpace(line) == "":
			flush()
		default:
			if b, ok := readLine(line); ok {
				flush()
				out = append(out, b)
			} else if n := len(out); strings.HasPrefix(line, "  ") && len(para) == 0 && n > 0 && (out[n-1].kind == "li" || out[n-1].kind == "ol") {
				out[n-1].spans = append(out[n-1].spans, readSpans(" "+strings.TrimSpace(line))...)
			} else {
				para = append(para, strings.TrimSpace(line))
			}
		}
	}
	flush()
	return out
}

// readLine reads a heading or an entry of a list.
func readLine(line string) (block, bool) {
	for _, h := range []string{"# ", "## ", "### "} {
		if rest, ok := strings.CutPrefix(line, h); ok {
			return block{"h" + itoa(len(h)-1), readSpans(rest)}, true
		}
	}
	trimmed := strings.TrimSpace(line)
	for _, mark := range []string{"- ", "* "} {
		if rest, ok := strings.CutPrefix(trimmed, mark); ok {
			return block{"li", readSpans(rest)}, true
		}
	}
	if n, rest, ok := strings.Cut(trimmed, ". "); ok && len(n) < 3 && strings.Trim(n, "0123456789") == "" && n != "" {
		return block{"ol", readSpans(n + ". " + rest)}, true
	}
	return block{}, false
}

// readSpans reads code, bold and links inside a line.
func readSpans(s string) []span1 {
	var out []span1
	for s != "" {
		i := strings.IndexAny(s, "`*[")
		if i < 0 {
			return append(out, span1{text: s})
		}
		sp, rest, ok := readSpan(s[i:])
		if !ok {
			out = append(out, span1{text: s[:i+1]})
			s = s[i+1:]
			continue
		}
		if i > 0 {
			out = append(out, span1{text: s[:i]})
		}
		out, s = append(out, sp), rest
	}
	return out
}

func readSpan(s string) (span1, string, bool) {
	if in, ok := strings.CutPrefix(s, "`"); ok {
		text, rest, ok := strings.Cut(in, "`")
		return span1{text: text, kind: "code"}, rest, ok
	}
	if in, ok := strings.CutPrefix(s, "**"); ok {
		text, rest, ok := strings.Cut(in, "**")
		return span1{text: text, kind: "b"}, rest, ok
	}
	if in, ok := strings.CutPrefix(s, "["); ok {
		text, rest, ok := strings.Cut(in, "](")
		if !ok {
			return span1{}, s, false
		}
		href, rest, ok := strings.Cut(rest, ")")
		return span1{text: text, kind: "a", href: guideLink(href)}, rest, ok
	}
	return span1{}, s, false
}

// guideLink turns a link between files of the guide into one between pages.
func guideLink(href string) string {
	if !strings.Contains(href, "://") && !strings.HasPrefix(href, "/") && strings.Contains(href, ".md") {
		return "/help/" + strings.Replace(path.Base(href), ".md", "", 1)
	}
	return href
}

func titleOf(bs []block, otherwise string) string {
	for _, b := range bs {
		if b.kind == "h1" && len(b.spans) > 0 {
			return b.spans[0].text
		}
	}
	return otherwise
}
