package console

import (
	"fmt"
	"strconv"
	"strings"
)

// The charts are drawn on 640 by 190, the bars between 20 and 160.
const (
	chartWidth  = 640
	chartBase   = 160
	chartHeight = 140
)

func itoa(n int) string { return strconv.Itoa(n) }

func most(bars []bar) int {
	n := 1
	for _, b := range bars {
		n = max(n, b.n)
	}
	return n
}

func px(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }

func step(n int) float64 { return chartWidth / float64(n) }

func barX(i, n int) string   { return px(step(n) * (float64(i) + 0.18)) }
func barMid(i, n int) string { return px(step(n) * (float64(i) + 0.5)) }
func barWidth(n int) string  { return px(step(n) * 0.64) }

func high(b bar, bars []bar) float64 { return chartHeight * float64(b.n) / float64(most(bars)) }

func barHeight(b bar, bars []bar) string { return px(high(b, bars)) }
func barY(b bar, bars []bar) string      { return px(chartBase - high(b, bars)) }
func barTop(b bar, bars []bar) string    { return px(chartBase - 6 - high(b, bars)) }

func share(n, total int) string {
	if total == 0 {
		return "0"
	}
	return px(200 * float64(n) / float64(total))
}

// chartWords says a chart to whoever cannot see it.
func chartWords(title string, bars []bar) string {
	var parts []string
	for _, b := range bars {
		if b.n > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", b.name, b.n))
		}
	}
	if len(parts) == 0 {
		return title + ": none."
	}
	return title + ". " + strings.Join(parts, ", ") + "."
}
