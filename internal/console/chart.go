package console

import (
	"fmt"
	"strconv"
	"strings"
)

// plot is a chart of bars, drawn on width by 190, the bars between 20 and 160.
type plot struct {
	title string
	bars  []bar
	width float64
}

// wide fills a page, slim a column of one.
func wide(title string, bars []bar) plot { return plot{title, bars, 900} }
func slim(title string, bars []bar) plot { return plot{title, bars, 440} }

const (
	plotBase   = 160
	plotHeight = 140
)

func px(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }

func (p plot) box() string { return "0 0 " + px(p.width) + " 190" }

func (p plot) most() float64 {
	n := 1
	for _, b := range p.bars {
		n = max(n, b.n)
	}
	return float64(n)
}

func (p plot) step() float64       { return p.width / float64(len(p.bars)) }
func (p plot) x(i int) string      { return px(p.step() * (float64(i) + 0.18)) }
func (p plot) middle(i int) string { return px(p.step() * (float64(i) + 0.5)) }
func (p plot) barWidth() string    { return px(p.step() * 0.64) }
func (p plot) high(n int) float64  { return plotHeight * float64(n) / p.most() }
func (p plot) height(n int) string { return px(p.high(n)) }
func (p plot) y(n int) string      { return px(plotBase - p.high(n)) }
func (p plot) above(n int) string  { return px(plotBase - 6 - p.high(n)) }
func (p plot) numbered(n int) bool { return n > 0 && p.step() >= 24 }
func (p plot) labelled(i int) bool {
	every := 1
	for float64(every)*p.step() < 44 {
		every++
	}
	return (len(p.bars)-1-i)%every == 0
}

func share(n, total int) string {
	if total == 0 {
		return "0"
	}
	return px(200 * float64(n) / float64(total))
}

// words says a chart to whoever cannot see it.
func (p plot) words() string {
	var parts []string
	for _, b := range p.bars {
		if b.n == 0 {
			continue
		}
		part := fmt.Sprintf("%s: %d", b.name, b.n)
		if b.bad > 0 {
			part += fmt.Sprintf(" (%d refused)", b.bad)
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return p.title + ": none."
	}
	return p.title + ". " + strings.Join(parts, ", ") + "."
}
