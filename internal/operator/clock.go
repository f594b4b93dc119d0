package operator

import (
	"bufio"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokenry/tokenry/internal/clock"
	"github.com/tokenry/tokenry/internal/command"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/server"
	"github.com/tokenry/tokenry/internal/terminal"
)

// clock are the commands about what time it is.
func (a *operator) clock() *cobra.Command {
	cmd := a.Command("clock", "Show the clock that servers follow and the latest time that the database knows", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		s, _, err := a.readClock(cmd)
		if err != nil {
			return err
		}
		if err := a.showClock(s); err != nil || s.Settled {
			return err
		}
		return fmt.Errorf("%s is far behind the latest time: until it is set right, or tokenry clock settle was run, a server gives nothing", s.Whose)
	})
	cmd.Long = `Show what the clock says that servers follow, and the latest time at which anything
was committed to the database. On PostgreSQL all follow the clock of the database,
else that of this machine. A server may run. Exit 1 says that the clock is more
than an hour behind: a server that starts now is unsettled.`
	config.Flags(cmd.Flags(), "data", "database", "keys")
	cmd.AddCommand(a.clockSettle())
	return cmd
}

// clockSettle says which time is right. It is refused where --at and the machine
// disagree by more than an hour: then the machine is to be set first.
func (a *operator) clockSettle() *cobra.Command {
	var yes bool
	var at terminal.Moment
	cmd := a.Command("settle", "Say that the clock that servers follow is right, whatever was committed before", cobra.NoArgs, func(cmd *cobra.Command, _ []string) error {
		s, cfg, err := a.readClock(cmd)
		if err != nil {
			return err
		}
		if off := s.Machine.Sub(at.Time); !at.IsZero() && off.Abs() > clock.Bridge {
			return fmt.Errorf("%s shows %s and not %s; set it right first (timedatectl, chronyc), and run this again",
				s.Whose, s.Machine.Format(time.RFC3339), at.UTC().Format(time.RFC3339))
		}
		if !yes && at.IsZero() {
			if err := a.askClock(s); err != nil {
				return err
			}
		}
		if s, err = server.SettleClock(cmd.Context(), cfg, server.Options{Logger: server.NewLogger(cfg, a.Err)}, a.Now()); err != nil {
			return err
		}
		fmt.Fprintln(a.Err, "settled; a running server whose clock agrees follows within seconds")
		return a.showClock(s)
	})
	cmd.Long = `A clock that jumped by more than an hour, ahead or back, leaves a server
unsettled: it gives nothing until somebody says what time it is. Servers follow the
clock of the database on PostgreSQL, else that of their machine. If it is wrong, set
it right; the server notices. If it is right, this command says so. A server may run
on the database. The audit of the instance records it.

It shows both times and asks. In scripts, --at TIME says what time it really is,
and settles if that clock agrees within an hour; --yes believes that clock.`
	config.Flags(cmd.Flags(), "data", "database", "keys")
	cmd.Flags().BoolVar(&yes, "yes", false, "ask nothing: the clock that servers follow is right")
	cmd.Flags().Var(&at, "at", "ask nothing: what time it really is")
	return cmd
}

// readClock reads both times beside a running server, and changes nothing.
func (a *operator) readClock(cmd *cobra.Command) (server.ClockState, config.Config, error) {
	cfg, err := config.Load(cmd.Flags(), a.Env)
	if err != nil {
		return server.ClockState{}, cfg, err
	}
	s, err := server.ReadClock(cmd.Context(), cfg, a.Now())
	return s, cfg, err
}

// showClock prints both times in UTC, so that they can be compared with any other
// clock.
func (a *operator) showClock(s server.ClockState) error {
	return a.Show(s, []command.Row{{string(s.Whose) + "'s clock", s.Machine.Format(time.RFC3339)}, {"latest committed", latest(s)}, {"settled", terminal.YesNo(s.Settled)}})
}

// latest is the latest moment that was committed; a new database has none.
func latest(s server.ClockState) string {
	if s.Latest == nil {
		return "nothing yet"
	}
	return s.Latest.Format(time.RFC3339)
}

// askClock asks which of the two times is right.
func (a *operator) askClock(s server.ClockState) error {
	if !a.Terminal(a.In) {
		return command.Usagef("say which time is right: --yes believes %s, --at TIME says what time it really is", s.Whose)
	}
	fmt.Fprintf(a.Err, "%-21s %s\nlatest committed:     %s\nIs %s right? Type yes: ", s.Whose.String()+":", s.Machine.Format(time.RFC3339), latest(s), s.Whose)
	answer, _ := bufio.NewReader(a.In).ReadString('\n') // an end is no answer
	if strings.TrimSpace(answer) != "yes" {
		return fmt.Errorf("nothing was changed; set %s right, and a running server settles itself", s.Whose)
	}
	return nil
}
