package server

import (
	"context"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/signin"
)

// devices lets the API ask the sign-in of programs.
type devices struct{ s *signin.Service }

func clientOf(c authority.Caller) door.Client {
	return door.Client{Addr: c.Addr, Agent: c.Agent, RequestID: c.RequestID}
}

// Begin is [httpapi.Devices.Begin].
func (d devices) Begin(ctx context.Context, machine string, from authority.Caller) (api.DeviceAuthorization, error) {
	return d.s.DeviceStart(ctx, machine, clientOf(from))
}

// Poll is [httpapi.Devices.Poll].
func (d devices) Poll(ctx context.Context, deviceCode string, from authority.Caller) (api.DeviceToken, error) {
	return d.s.DevicePoll(ctx, deviceCode, clientOf(from))
}
