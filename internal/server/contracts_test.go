package server_test

import (
	"reflect"
	"testing"

	"github.com/tokenry/tokenry/internal/entrance"
	"github.com/tokenry/tokenry/internal/httpapi"
	"github.com/tokenry/tokenry/internal/signin"
)

// TestWhatADoorAsksForIsNarrow: whoever declares what it needs of another room does
// so in chapters that fit on a page, and no type is a room by itself.
func TestWhatADoorAsksForIsNarrow(t *testing.T) {
	t.Parallel()
	const chapter, whole = 15, 40
	for _, of := range []reflect.Type{
		reflect.TypeFor[entrance.Sessions](), reflect.TypeFor[entrance.SignIn](), reflect.TypeFor[entrance.Links](), reflect.TypeFor[entrance.Proofs](),
		reflect.TypeFor[entrance.Authenticators](), reflect.TypeFor[entrance.Handouts](), reflect.TypeFor[entrance.Portals](), reflect.TypeFor[entrance.Devices](), reflect.TypeFor[httpapi.Devices](),
	} {
		if n := of.NumMethod(); n == 0 || n > chapter {
			t.Errorf("%v asks for %d methods, and %d are a chapter", of, n, chapter)
		}
	}
	people := reflect.TypeFor[entrance.People]()
	for f := range people.Fields() {
		if n := f.Type.NumMethod(); n == 0 || n > chapter {
			t.Errorf("the pages ask %s for %d methods, and %d are a chapter", f.Name, n, chapter)
		}
	}
	if n := reflect.TypeFor[*signin.Service]().NumMethod(); n > whole {
		t.Errorf("signin.Service has %d methods, and %d are enough for one type", n, whole)
	}
}
