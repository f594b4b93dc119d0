package httpapi

import (
	"context"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
)

// Devices signs a program in when a person approves it in the browser (RFC 8628).
type Devices interface {
	// DeviceStart asks for a sign-in of a program on the machine of this name, for a token
	// as it says. What cannot be asked for is refused with the field.
	DeviceStart(ctx context.Context, in api.DeviceAuthorizationRequest, from door.Client) (api.DeviceAuthorization, error)
	// DevicePoll answers the token once it was approved, and once only. Until then the
	// error has the code authorization_pending or slow_down; in the end
	// access_denied or expired_token.
	DevicePoll(ctx context.Context, deviceCode string, from door.Client) (api.GrantedToken, error)
}

func (c *call) beginDevice() (answer, error) {
	f, err := c.deviceForm()
	if err != nil {
		return answer{}, err
	}
	in := api.DeviceAuthorizationRequest{DeviceName: f.text("device_name"), Scope: f.text("scope"), Workspace: f.text("workspace")}
	if text := f.text("expires_in"); text != "" {
		if in.ExpiresIn, err = api.ParseDuration(text); err != nil {
			return answer{}, api.Errorf(api.CodeInvalidRequest, "expires_in: must be a whole number and a unit, like 8h")
		}
	}
	out, err := c.s.devices.DeviceStart(c.ctx, in, c.from())
	return answer{body: out}, err
}

// pollDevice answers a form whose grant is the device's.
func (c *call) pollDevice(f form) (answer, error) {
	if err := c.ofDevice(f); err != nil {
		return answer{}, err
	}
	code := f.text("device_code")
	if code == "" {
		return answer{}, api.Errorf(api.CodeInvalidRequest, "device_code: is required")
	}
	out, err := c.s.devices.DevicePoll(c.ctx, code, c.from())
	return answer{body: out}, err
}

// deviceForm reads a form of the one client there is.
func (c *call) deviceForm() (form, error) {
	if c.s.devices == nil {
		return nil, nobodySignsIn()
	}
	f, err := c.programForm()
	if err != nil {
		return nil, err
	}
	return f, c.ofDevice(f)
}

func nobodySignsIn() error { return api.Errorf(api.CodeNotFound, "nobody signs in to this server") }

// ofDevice refuses what is not of the one client there is.
func (c *call) ofDevice(f form) error {
	if c.s.devices == nil {
		return nobodySignsIn()
	}
	if f.text("client_id") != api.DeviceClientID {
		return api.Errorf(api.CodeInvalidClient, "the client_id must be %s", api.DeviceClientID)
	}
	return nil
}

// programForm reads a form that no browser sent: no page of another site may begin
// anything here.
func (c *call) programForm() (form, error) {
	if c.r.Header.Get("Origin") != "" || c.r.Header.Get("Sec-Fetch-Site") != "" {
		return nil, api.Errorf(api.CodeInvalidRequest, "this call is for programs, not for pages")
	}
	f, err := c.readForm()
	if err == nil {
		c.caller = c.stranger()
	}
	return f, err
}
