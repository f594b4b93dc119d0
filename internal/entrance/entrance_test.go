package entrance_test

import (
	"reflect"
	"testing"

	"github.com/tokenry/tokenry/internal/entrance"
)

// sessions has another name than its method.
type sessions = entrance.Sessions

// TestNobodyIsReceivedWithoutEveryChapter: also of one that somebody adds. And a chapter
// has at most fifteen methods.
func TestNobodyIsReceivedWithoutEveryChapter(t *testing.T) {
	t.Parallel()
	fields := reflect.TypeFor[entrance.People]()
	full := entrance.People{
		Sessions: struct{ sessions }{}, SignIn: struct{ entrance.SignIn }{}, Links: struct{ entrance.Links }{}, Proofs: struct{ entrance.Proofs }{},
		Authenticators: struct{ entrance.Authenticators }{}, Handouts: struct{ entrance.Handouts }{}, Portals: struct{ entrance.Portals }{}, Providers: struct{ entrance.Providers }{}, Devices: struct{ entrance.Devices }{},
	}
	if !full.Complete() {
		t.Error("with every chapter something is missing")
	}
	for i := range fields.NumField() {
		chapter := fields.Field(i)
		without := full
		reflect.ValueOf(&without).Elem().Field(i).SetZero()
		if without.Complete() {
			t.Errorf("without %s nothing is missing", chapter.Name)
		}
		if n := chapter.Type.NumMethod(); n == 0 || n > 15 {
			t.Errorf("%s has %d methods", chapter.Name, n)
		}
	}
}
