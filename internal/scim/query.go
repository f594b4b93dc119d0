package scim

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/api"
)

// Pages of lists: as many as are asked for, and at most maxCount.
const usualCount, maxCount = 100, 200

// query is what the parameters of a request ask for.
type query struct {
	filter       filter
	start, count int
	// only are the attributes that are asked for, but those that are left out, both in
	// lower case.
	only, but []string
}

// readQuery reads the parameters. A query that cannot be read is refused whole: a filter
// that got lost would find everybody.
func readQuery(raw string, of []attribute) (q query, err error) {
	v, err := url.ParseQuery(raw)
	if err != nil {
		return q, fault(invalidValue, "the query cannot be read; write ; and % as %3B and %25")
	}
	q = query{start: 1, count: usualCount, filter: filter{match: func(document) bool { return true }}}
	seen := map[string]bool{}
	for name, all := range v {
		name = strings.ToLower(name)
		if seen[name] || len(all) > 1 {
			return q, fault(invalidValue, "a parameter is there twice")
		}
		seen[name] = true
		switch name {
		case "filter":
			q.filter, err = readFilter(all[0], of)
		case "startindex":
			q.start, err = number(all[0])
		case "count":
			q.count, err = number(all[0])
		case "attributes":
			q.only = list(all[0])
		case "excludedattributes":
			q.but = list(all[0])
		}
		if err != nil {
			return q, err
		}
	}
	q.start, q.count = max(q.start, 1), min(max(q.count, 0), maxCount)
	return q, nil
}

func number(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, fault(invalidValue, "startIndex and count are numbers")
	}
	return n, nil
}

// list reads names of attributes with commas between, of which the first part counts.
func list(s string) (out []string) {
	for name := range strings.SplitSeq(s, ",") {
		p := parser{rest: name}
		out = append(out, strings.ToLower(p.name()))
	}
	return out
}

// shown leaves out of a resource what was not asked for. What names it always stays.
func (q query) shown(d document) document {
	if len(q.only)+len(q.but) == 0 {
		return d
	}
	out := document{}
	for name, v := range d {
		low := strings.ToLower(name)
		asked := len(q.only) == 0 && !slices.Contains(q.but, low) || slices.Contains(q.only, low)
		if asked || low == "id" || low == "schemas" {
			out[name] = v
		}
	}
	return out
}

// page is one page of a list while it is filled.
type page struct {
	query
	total int
	found []document
}

// add counts what the filter finds, and keeps what is on the page.
func (p *page) add(d document) {
	if !p.filter.match(d) {
		return
	}
	if p.total++; p.total >= p.start && len(p.found) < p.count {
		p.found = append(p.found, p.shown(d))
	}
}

func (p *page) document() document {
	return listOf(p.found, p.total, p.start)
}

func listOf(found []document, total, start int) document {
	if found == nil {
		found = []document{}
	}
	return document{"schemas": []any{schemaList}, "totalResults": total, "startIndex": start, "itemsPerPage": len(found), "Resources": found}
}

// condition is what If-Match or If-None-Match says; the zero one says nothing.
type condition struct {
	given, any bool
	tags       []string
}

// readCondition reads entity tags, weak ones like strong ones: RFC 7644 writes W/.
func readCondition(line string) condition {
	c := condition{given: line != ""}
	for tag := range strings.SplitSeq(line, ",") {
		tag = strings.Trim(tag, " \t")
		c.any = c.any || tag == "*"
		c.tags = append(c.tags, strings.TrimPrefix(tag, "W/"))
	}
	return c
}

// is says whether a tag is one of those.
func (c condition) is(tag string) bool {
	return c.given && (c.any || slices.Contains(c.tags, strings.TrimPrefix(tag, "W/")))
}

// holds refuses a change of what is not as whoever asks last saw it.
func (c condition) holds(tag string) error {
	if !c.given || c.is(tag) {
		return nil
	}
	return api.Errorf(api.CodeChangedMeanwhile, "it was changed since you read it")
}

// revisions are those that the tags of a user name.
func (c condition) revisions() (out []int64) {
	for _, tag := range c.tags {
		if n, err := strconv.ParseInt(strings.Trim(tag, `"`), 10, 64); err == nil {
			out = append(out, n)
		}
	}
	return out
}

// tagOf is the entity tag of a version.
func tagOf(version string) string { return `W/"` + version + `"` }

func decimal[T int | int64](n T) string { return strconv.FormatInt(int64(n), 10) }
