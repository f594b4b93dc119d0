package door

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
)

// MayAnswer is asked with what recover returned in a door, and tells the log. It
// says whether the request may still be answered, as an internal error; where it
// may not, [Cut] the connection. Its laws:
//
//   - What a handler panicked with is told only when the runtime made it, as of a
//     nil map: anything else may hold a secret that was in hand, and is told by its
//     type. The stack says where, and holds no values that can be read.
//   - An answer that began cannot be taken back, and half of one must not be taken
//     for a whole one. So it is cut, whatever its status was.
//   - [http.ErrAbortHandler] is a handler that wants to be cut, and no mistake.
func MayAnswer(ctx context.Context, log *slog.Logger, recovered any, begun bool, about ...slog.Attr) bool {
	if recovered == http.ErrAbortHandler { //nolint:errorlint // the sentinel is compared so by net/http
		log.LogAttrs(ctx, slog.LevelWarn, "an answer was cut short", about...)
		return false
	}
	log.LogAttrs(ctx, slog.LevelError, "a handler panicked",
		append(about, slog.String("panic", said(recovered)), slog.String("stack", string(debug.Stack())))...)
	return !begun
}

// said is what may be told of a panic.
func said(recovered any) string {
	if err, ok := recovered.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", recovered)
}

// Cut ends the connection, in the one way in which net/http does so and says
// nothing.
func Cut() { panic(http.ErrAbortHandler) }

// Guarded stands before all that answers: what panics outside of any door is told
// by the same law, and cut. net/http would log the value itself, with its secret.
func Guarded(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			switch v := recover(); v {
			case nil:
			case http.ErrAbortHandler: // a door has told of it
				Cut()
			default:
				MayAnswer(r.Context(), log, v, true)
				Cut()
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// Answer is a writer that knows whether its answer has begun.
type Answer struct {
	http.ResponseWriter
	begun bool
}

// Begun says whether anything of an answer may be on its way. One that only informs
// (1xx) has not begun.
func (a *Answer) Begun() bool { return a.begun }

// WriteHeader begins an answer.
func (a *Answer) WriteHeader(status int) {
	a.begun = a.begun || status >= http.StatusOK
	a.ResponseWriter.WriteHeader(status)
}

// Write begins an answer, if it has not.
func (a *Answer) Write(b []byte) (int, error) {
	a.begun = true
	return a.ResponseWriter.Write(b)
}

// Unwrap is for [http.ResponseController].
func (a *Answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
