package clocktest

import (
	"testing"
	"time"
)

// Until asks until something holds that others bring about, in processes or of their own
// accord, and leaves them the processor in between: whoever asks without a pause keeps from
// happening what it asks for. It gives up when go test does.
func Until(t testing.TB, holds func() bool) {
	t.Helper()
	const longest = 50 * time.Millisecond
	for pause := time.Millisecond; !holds(); pause = min(2*pause, longest) {
		timer := time.NewTimer(pause) //nolint:forbidigo // what others do takes the time of the machine
		select {
		case <-t.Context().Done():
			t.Fatal("the test has ended meanwhile")
		case <-timer.C:
		}
	}
}
