package command

import (
	"io"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"
)

// Stdio is what surrounds the program.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
	// Env looks a variable up; nil is an empty environment.
	Env func(string) (string, bool)
	// Terminal says whether a stream is one that a person sits at; nil looks.
	Terminal func(stream any) bool
	// Now is the clock of what is printed; nil is the machine's.
	Now func() time.Time
}

func (s Stdio) withDefaults() Stdio {
	if s.In == nil {
		s.In = strings.NewReader("")
	}
	if s.Out == nil {
		s.Out = io.Discard
	}
	if s.Err == nil {
		s.Err = io.Discard
	}
	if s.Env == nil {
		s.Env = func(string) (string, bool) { return "", false }
	}
	if s.Terminal == nil {
		s.Terminal = isTerminal
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	return s
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

// App is one run of the program.
type App struct {
	Stdio
	// JSON says that answers are printed as the API gives them.
	JSON bool
	// Server is the address of a server as a flag said it; see [App.Address].
	Server string
	// StdinTaken says that something was read from standard input already.
	StdinTaken bool
	// Began says that a command was understood and runs.
	Began bool

	answers map[*cobra.Command]reflect.Type // what commands answer, see [Answers]
	answer  answer
	wide    bool
	columns []string // as --columns said them
	pick    []int    // the columns to show; nil are all
	brief   bool     // times are told without the moment
}

// New is a run with these surroundings.
func New(s Stdio) *App {
	return &App{Stdio: s.withDefaults(), answers: map[*cobra.Command]reflect.Type{}}
}
