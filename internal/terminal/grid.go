package terminal

import (
	"slices"
	"strings"

	"github.com/rivo/uniseg"
)

// Width is how many columns of a terminal a text takes, by its grapheme clusters: a
// letter of East Asia or an emoji takes two, a combining mark none. The text is cleaned.
func Width(s string) int { return uniseg.StringWidth(s) }

// Truncated is a cleaned text in at most width columns; what was cut is an ellipsis at its end.
func Truncated(s string, width int) string {
	if Width(s) <= width {
		return s
	}
	var b strings.Builder
	used := 0
	for g := uniseg.NewGraphemes(s); g.Next(); {
		if used+g.Width()+1 > width {
			break
		}
		used += g.Width()
		b.WriteString(g.Str())
	}
	if width < 1 {
		return ""
	}
	return strings.TrimRight(b.String(), " ") + "…"
}

// Head says the columns of a table, apart by commas, and behind a bar those that are left
// out where a terminal is narrow, the first of them first: "LABEL,ID,KIND|KIND".
type Head string

// Columns are the columns in their order.
func (h Head) Columns() []string {
	all, _, _ := strings.Cut(string(h), "|")
	return strings.Split(all, ",")
}

// spare are the columns that are left out first.
func (h Head) spare() []string {
	if _, spare, ok := strings.Cut(string(h), "|"); ok {
		return strings.Split(spare, ",")
	}
	return nil
}

// ColumnName is a column as --columns takes it: last-used.
func ColumnName(column string) string {
	return strings.ReplaceAll(strings.ToLower(column), " ", "-")
}

// Pick are the places of the columns of these names, in the order of the names.
func (h Head) Pick(names []string) ([]int, error) {
	known := h.Columns()
	for i := range known {
		known[i] = ColumnName(known[i])
	}
	var picked []int
	for _, name := range names {
		i := slices.Index(known, ColumnName(strings.ReplaceAll(strings.TrimSpace(name), "_", "-")))
		if i < 0 {
			return nil, Misused("--columns: there is no column %q; there are %s", name, strings.Join(known, ", "))
		}
		picked = append(picked, i)
	}
	return picked, nil
}

// Grid is a table of cleaned texts.
type Grid struct {
	Head Head
	Rows [][]string
	// Pick are the places of the columns to show; nil are all.
	Pick []int
}

// comfortable and least are how narrow a column is made: before a spare one is left
// out, and where there is none left.
const (
	comfortable = 16
	least       = 8
	gap         = 2
)

// Whole is the table with everything in it, however wide.
func (g Grid) Whole() string {
	text, _ := g.Fit(0)
	return text
}

// Fit is the table in a terminal of so many columns, and the columns that were left out.
// The widest texts are cut first and IDs never, so a table may be wider than a very narrow
// terminal. 0 is as wide as it gets.
func (g Grid) Fit(width int) (text string, left []string) {
	names, pick := g.Head.Columns(), g.Pick
	if pick == nil {
		for i := range names {
			pick = append(pick, i)
		}
	}
	widths := g.natural(names)
	spare := g.Head.spare()
	if g.Pick != nil || width == 0 {
		spare = nil // those that were asked for are shown
	}
	for width > 0 && !shrunk(names, widths, pick, width, comfortable) {
		if len(spare) == 0 {
			shrunk(names, widths, pick, width, least)
			break
		}
		i := slices.Index(names, spare[0])
		pick = slices.DeleteFunc(slices.Clone(pick), func(p int) bool { return p == i })
		left, spare, widths = append(left, spare[0]), spare[1:], g.natural(names)
	}
	var b strings.Builder
	write(&b, names, widths, pick)
	for _, row := range g.Rows {
		write(&b, row, widths, pick)
	}
	return b.String(), left
}

// natural is how wide each column would be.
func (g Grid) natural(names []string) []int {
	widths := make([]int, len(names))
	for i, name := range names {
		widths[i] = Width(name)
	}
	for _, row := range g.Rows {
		for i, cell := range row {
			widths[i] = max(widths[i], Width(cell))
		}
	}
	return widths
}

// shrunk makes the widest columns narrower, none below its head and bottom, until the
// picked ones fit.
func shrunk(names []string, widths, pick []int, width, bottom int) bool {
	for {
		total, widest := gap*(len(pick)-1), -1
		for _, i := range pick {
			total += widths[i]
			if !fixed(names, i) && widths[i] > max(bottom, Width(names[i])) && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if total <= width {
			return true
		}
		if widest < 0 {
			return false
		}
		widths[widest]--
	}
}

// fixed are the columns that the next command is given: the ID, else the first.
func fixed(names []string, i int) bool {
	if slices.Contains(names, "ID") {
		return names[i] == "ID"
	}
	return i == 0
}

func write(b *strings.Builder, cells []string, widths, pick []int) {
	for n, i := range pick {
		cell := Truncated(cells[i], widths[i])
		b.WriteString(cell)
		if n < len(pick)-1 {
			b.WriteString(strings.Repeat(" ", widths[i]-Width(cell)+gap))
		}
	}
	b.WriteByte('\n')
}
