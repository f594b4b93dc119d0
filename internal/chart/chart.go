// Package chart draws numbers as bars.
//
// Laws of this package:
//
//   - A chart is a picture of the numbers that it is given: it asks nobody, and a bar
//     of nothing stands where nothing happened.
//   - Whoever cannot see it hears it: every number that is drawn is also said.
//   - No style and no script stands in it; a class says what a bar means.
package chart

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
)

//go:generate go run github.com/a-h/templ/cmd/templ@v0.3.1001 generate

// Bar is one bar of a chart.
type Bar struct {
	Name string
	// Class is what it means: "good", "warn", "bad", "mute", or nothing of these.
	Class string
	N     int
	// Bad is how many of N are drawn as refused.
	Bad int
}

// Days make a bar of each day from since on, also of those on which nothing happened.
func Days(s api.UsageSeries, since time.Time, days int) []Bar {
	out := make([]Bar, days)
	for i := range out {
		day := since.AddDate(0, 0, i)
		out[i].Name = day.Format("01-02")
		for _, k := range s.Buckets {
			if k.Start.Equal(day) {
				out[i].N, out[i].Bad = int(k.Allowed+k.Denied), int(k.Denied)
			}
		}
	}
	return out
}

// Reasons are the refusals by their reason, the most frequent first.
func Reasons(by map[api.Code]int64) []Bar {
	var out []Bar
	for code, n := range by {
		out = append(out, Bar{Name: code.Info().Title, Class: "bad", N: int(n)})
	}
	slices.SortFunc(out, func(a, b Bar) int { return cmp.Or(b.N-a.N, strings.Compare(a.Name, b.Name)) })
	return out
}

// Plot is a chart of bars, drawn on width by 190, the bars between 20 and 160.
type Plot struct {
	title string
	bars  []Bar
	width float64
}

// Wide fills a page.
func Wide(title string, bars []Bar) Plot { return Plot{title, bars, 900} }

// Slim fills a column of a page.
func Slim(title string, bars []Bar) Plot { return Plot{title, bars, 440} }

const (
	plotBase   = 160
	plotHeight = 140
)

func px(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }

func (p Plot) box() string { return "0 0 " + px(p.width) + " 190" }

func (p Plot) most() float64 {
	n := 1
	for _, b := range p.bars {
		n = max(n, b.N)
	}
	return float64(n)
}

func (p Plot) step() float64       { return p.width / float64(len(p.bars)) }
func (p Plot) x(i int) string      { return px(p.step() * (float64(i) + 0.18)) }
func (p Plot) middle(i int) string { return px(p.step() * (float64(i) + 0.5)) }
func (p Plot) barWidth() string    { return px(p.step() * 0.64) }
func (p Plot) high(n int) float64  { return plotHeight * float64(n) / p.most() }
func (p Plot) height(n int) string { return px(p.high(n)) }
func (p Plot) y(n int) string      { return px(plotBase - p.high(n)) }
func (p Plot) above(n int) string  { return px(plotBase - 6 - p.high(n)) }
func (p Plot) numbered(n int) bool { return n > 0 && p.step() >= 24 }
func (p Plot) labelled(i int) bool {
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
func (p Plot) words() string {
	var parts []string
	for _, b := range p.bars {
		if b.N == 0 {
			continue
		}
		part := fmt.Sprintf("%s: %d", b.Name, b.N)
		if b.Bad > 0 {
			part += fmt.Sprintf(" (%d refused)", b.Bad)
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return p.title + ": none."
	}
	return p.title + ". " + strings.Join(parts, ", ") + "."
}
