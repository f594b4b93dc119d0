package recall

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	gotoken "go/token"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// known is a memo with something of everything.
func known() *Memo {
	m := &Memo{}
	for k := range kinds {
		m.put(k, ledger.ID(1), answer[int]{})
	}
	return m
}

func (m *Memo) left() (of []kind) {
	for k, rows := range m.rows {
		if len(rows) > 0 {
			of = append(of, kind(k))
		}
	}
	return of
}

// TestWhatIsNotUnderstoodIsEverything: a build believes nothing of another's document that
// it does not know.
func TestWhatIsNotUnderstoodIsEverything(t *testing.T) {
	t.Parallel()
	for _, document := range []string{"", "null", "{", `{"law":0}`, `{"law":1}`, `{"law":3}`, `{"law":2,"all":true}`, `{"law":2,"kinds":[-1]}`, `{"law":2,"kinds":[99]}`, `{"law":2,"kinds":["users"]}`, `{"law":2,"tokens":"x"}`, `{"law":2,"tips":[1]}`} {
		m := known()
		if m.Follow([]byte(document)); len(m.left()) > 0 {
			t.Errorf("%q leaves %v", document, m.left())
		}
	}
	m := known()
	m.Follow([]byte(`{"law":2,"kinds":[2]}`))
	if got := m.left(); len(got) != int(kinds)-1 || got[2] != members {
		t.Errorf("users, which were written, leave %v", got)
	}
}

// TestWhatWasWrittenIsBounded: a batch that wrote much names kinds, and one that wrote
// everything nothing else.
func TestWhatWasWrittenIsBounded(t *testing.T) {
	t.Parallel()
	m := known()
	for i := range 10 * mostNamed {
		m.writesToken(ledger.ID(i % 7))
		m.writesLocator(token.Locator([]byte("aaaaaaaaaaaa")))
		m.writesTip(1)
	}
	m.writes(users, users)
	if got, want := written(t, m), `{"law":2,"kinds":[2],"tokens":[0,1,2,3,4,5,6],"locators":["aaaaaaaaaaaa"],"tips":[{"workspace":1,"sequence":0,"at":"0001-01-01T00:00:00Z","hash":null}]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for i := range 3 * mostNamed {
		m.writesToken(ledger.ID(i))
		m.writesTip(ledger.ID(i))
	}
	if got, want := written(t, m), fmt.Sprintf(`{"law":2,"kinds":[%d,%d,%d,%d]}`, users, tokens, secrets, tips); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	m.writesAll()
	if got, want := written(t, m), `{"law":2,"all":true}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	m.Ended(ledger.Point{})
	if got, want := written(t, m), `{"law":2}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func written(t *testing.T, m *Memo) string {
	t.Helper()
	b, err := json.Marshal(m.Wrote())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestTheLawIsThatOfThisBuild: whoever changes what is remembered, or what a write
// forgets, gives the law its next number, and writes here what it is of.
func TestTheLawIsThatOfThisBuild(t *testing.T) {
	t.Parallel()
	const lawOf = "2 of 12 kinds and chapters 50ee94d4"
	file, err := parser.ParseFile(gotoken.NewFileSet(), "chapters.go", nil, 0) // without its comments
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			if err := printer.Fprint(&text, gotoken.NewFileSet(), f); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := fmt.Sprintf("%d of %d kinds and chapters %08x", law, kinds, crc32.ChecksumIEEE([]byte(text.String()))); got != lawOf {
		t.Errorf("the law is %s, and was %s: if that is what is remembered or forgotten, it needs another number", got, lawOf)
	}
}
