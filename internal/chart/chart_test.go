package chart_test

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/chart"
)

// drawing is a chart as it was drawn: each element with its attributes.
func drawing(t *testing.T, p chart.Plot) (all []map[string]string, text []string) {
	t.Helper()
	var b strings.Builder
	if err := chart.Draw(p).Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(strings.NewReader(b.String()))
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all, text
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := tok.(type) {
		case xml.StartElement:
			m := map[string]string{"": e.Name.Local}
			for _, a := range e.Attr {
				m[a.Name.Local] = a.Value
			}
			all = append(all, m)
		case xml.CharData:
			if s := strings.TrimSpace(string(e)); s != "" {
				text = append(text, s)
			}
		}
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func week() (bars []chart.Bar) {
	for i, n := range []int{4, 0, 8, 2, 0, 0, 1} {
		bars = append(bars, chart.Bar{Name: "01-0" + strconv.Itoa(i+1), N: n, Bad: n / 4})
	}
	return bars
}

// TestADayOnWhichNothingHappenedHasItsBar: a chart that leaves it out makes a silence
// look like a busy week.
func TestADayOnWhichNothingHappenedHasItsBar(t *testing.T) {
	t.Parallel()
	monday := time.Date(2026, 2, 27, 0, 0, 0, 0, time.UTC)
	s := api.UsageSeries{Buckets: []api.UsageBucket{
		{Start: monday.AddDate(0, 0, 2), Allowed: 3, Denied: 1},
		{Start: monday.AddDate(0, 0, 9), Allowed: 100}, // after the days that are drawn
	}}
	want := []chart.Bar{{Name: "02-27"}, {Name: "02-28"}, {Name: "03-01", N: 4, Bad: 1}}
	if diff := cmp.Diff(want, chart.Days(s, monday, 3)); diff != "" {
		t.Error(diff)
	}
}

// TestTheMostFrequentReasonStandsFirst, and those of a number always in one order.
func TestTheMostFrequentReasonStandsFirst(t *testing.T) {
	t.Parallel()
	by := map[api.Code]int64{api.CodeRateLimited: 1, api.CodeInsufficientScope: 7, api.CodeTokenExpired: 1}
	first := chart.Reasons(by)
	if first[0].N != 7 || first[0].Name != api.CodeInsufficientScope.Info().Title {
		t.Errorf("%v", first)
	}
	for range 20 {
		if diff := cmp.Diff(first, chart.Reasons(by)); diff != "" {
			t.Fatal(diff)
		}
	}
}

// TestBarsStandOnOneLineAndAreAsHighAsTheyCount.
func TestBarsStandOnOneLineAndAreAsHighAsTheyCount(t *testing.T) {
	t.Parallel()
	all, _ := drawing(t, chart.Wide("Requests", week()))
	heights := map[float64]bool{}
	for _, e := range all {
		if e[""] != "rect" {
			continue
		}
		y, h := number(t, e["y"]), number(t, e["height"])
		if y+h != 160 || y < 20 {
			t.Errorf("a bar from %v to %v", y, y+h)
		}
		heights[h] = true
	}
	for _, h := range []float64{0, 140, 70, 35, 17.5} { // 0, 8, 4, 2 and 1 of 8
		if !heights[h] {
			t.Errorf("no bar is %v high: %v", h, heights)
		}
	}
}

// TestWhatIsRefusedIsDrawnOverWhatWasAsked, and nothing is where nothing was refused.
func TestWhatIsRefusedIsDrawnOverWhatWasAsked(t *testing.T) {
	t.Parallel()
	bad := 0
	all, _ := drawing(t, chart.Wide("Requests", week()))
	for _, e := range all {
		if e["class"] == "bar bad" {
			bad++
		}
	}
	if bad != 2 {
		t.Errorf("%d bars of refusals", bad)
	}
}

// TestWordsInAChartHaveRoom: of ninety days in a column no name covers the next, no
// number stands on a bar too thin for it, and the last day has always its name.
func TestWordsInAChartHaveRoom(t *testing.T) {
	t.Parallel()
	var bars []chart.Bar
	for i := range 90 {
		bars = append(bars, chart.Bar{Name: "d" + strconv.Itoa(i), N: i})
	}
	all, text := drawing(t, chart.Slim("Requests", bars))
	last := -100.0
	for _, e := range all {
		if e[""] != "text" {
			continue
		}
		if e["y"] != "178" {
			t.Errorf("a number stands at %s", e["y"])
		}
		x := number(t, e["x"])
		if x-last < 43.9 {
			t.Errorf("a name at %v after one at %v", x, last)
		}
		last = x
	}
	if !slices.Contains(text, "d89") {
		t.Errorf("the last day is not named: %v", text)
	}
}

// TestWhoeverCannotSeeAChartHearsItsNumbers.
func TestWhoeverCannotSeeAChartHearsItsNumbers(t *testing.T) {
	t.Parallel()
	all, _ := drawing(t, chart.Slim("Requests by day", week()))
	if got, want := all[0]["aria-label"], "Requests by day. 01-01: 4 (1 refused), 01-03: 8 (2 refused), 01-04: 2, 01-07: 1."; got != want {
		t.Errorf("it says %q", got)
	}
	all, _ = drawing(t, chart.Slim("Requests by day", nil))
	if got := all[0]["aria-label"]; got != "Requests by day: none." {
		t.Errorf("of nothing it says %q", got)
	}
}

// TestNamesInAChartAreText, whatever somebody called them.
func TestNamesInAChartAreText(t *testing.T) {
	t.Parallel()
	_, text := drawing(t, chart.Wide("x", []chart.Bar{{Name: `</text><script>`, N: 1}}))
	if !slices.Contains(text, "</text><script>") {
		t.Errorf("%q", text)
	}
}

// TestAMeterIsAShareOfTheWhole, of nothing too.
func TestAMeterIsAShareOfTheWhole(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n, total int
		want     string
	}{{1, 4, `width="50.0"`}, {4, 4, `width="200.0"`}, {0, 4, `width="0.0"`}, {0, 0, `width="0"`}} {
		var b strings.Builder
		if err := chart.Meter(chart.Bar{N: c.n}, c.total).Render(context.Background(), &b); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), c.want) {
			t.Errorf("%d of %d: %s", c.n, c.total, b.String())
		}
	}
}
