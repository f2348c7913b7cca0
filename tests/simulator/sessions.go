// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// sessions are the logins of the server; they expire when they are idle.
type sessions struct {
	registry *simulator.Registry
	context  *simulator.Context
	idle     time.Duration // 0: they stay

	mutex sync.Mutex
	used  map[string]time.Time
	views map[string]*hostView // at which endpoint a session is; nil: the server itself
	early map[string]string    // cookies of old servers, given at the first call, and the sessions that began with them
}

// vmx.KeyOf is the session key of a request, or "".
func (s *sessions) keyOf(r *http.Request) string {
	cookie := cookieOf(r)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if key, ok := s.early[cookie]; ok {
		return key
	}
	return cookie
}

// greet gives a cookie with the answer to a client's first call, as servers up to 6.x
// do. A login keeps it: the library's own cookie does not leave the server then.
func (s *sessions) greet(header http.Header, r *http.Request) {
	cookie := cookieOf(r)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if cookie == "" && header.Get("Set-Cookie") == "" {
		id := uuid.NewString()
		s.early[id] = ""
		header.Set("Set-Cookie", (&http.Cookie{Name: cookieName, Value: id, Path: "/"}).String())
		return
	}
	if _, ours := s.early[cookie]; !ours {
		return
	}
	for _, line := range header.Values("Set-Cookie") {
		if c, err := http.ParseSetCookie(line); err == nil && c.Name == cookieName && c.Value != "" {
			s.early[cookie] = c.Value
			header.Del("Set-Cookie")
		}
	}
}

// started notes where a session is, when an answer starts one.
func (s *sessions) started(header http.Header, view *hostView) {
	for _, line := range header.Values("Set-Cookie") {
		if c, err := http.ParseSetCookie(line); err == nil && c.Name == cookieName {
			s.mutex.Lock()
			s.views[c.Value] = view
			s.mutex.Unlock()
		}
	}
}

// isOf tells whether a session is one of an endpoint.
func (s *sessions) isOf(key string, view *hostView) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.views[key] == view
}

// atHost tells whether a call came to the endpoint of a vCenter's host.
func (s *sessions) atHost(ctx *simulator.Context) bool {
	return ctx.Session != nil && !s.isOf(ctx.Session.Key, nil)
}

// list are the open sessions.
func (s *sessions) list() []types.UserSession {
	// the library shows its sessions only to a session
	observer := &simulator.Session{Registry: simulator.NewRegistry(), Map: s.registry}
	m, ok := observer.Get(s.registry.SessionManager().Self).(*simulator.SessionManager)
	if !ok {
		return nil
	}
	return m.SessionList
}

// describe are the open sessions for the control endpoint.
func (s *sessions) describe() []map[string]any {
	list := []map[string]any{}
	for _, open := range s.list() {
		at := ""
		s.mutex.Lock()
		if v := s.views[open.Key]; v != nil {
			at = v.host.Name
		}
		s.mutex.Unlock()
		list = append(list, map[string]any{"key": open.Key, "user": open.UserName, "host": at})
	}
	return list
}

func (s *sessions) has(key string) bool {
	for _, open := range s.list() {
		if open.Key == key {
			return true
		}
	}
	return false
}

// touch notes that a session is used, or ends it when it was idle for too long.
func (s *sessions) touch(key string) {
	if key == "" || s.idle == 0 {
		return
	}
	s.mutex.Lock()
	last, known := s.used[key]
	s.used[key] = time.Now()
	s.mutex.Unlock()
	if known && time.Since(last) > s.idle {
		s.end(key)
	}
}

// end ends sessions; their clients see NotAuthenticated.
func (s *sessions) end(keys ...string) {
	own := *s.context
	own.Session = &simulator.Session{Registry: simulator.NewRegistry(), Map: s.registry}
	for _, key := range keys { // one by one: the library stops at a key that is gone
		s.registry.SessionManager().TerminateSession(&own, &types.TerminateSession{SessionId: []string{key}})
	}
}

// expire ends all sessions and returns how many there were.
func (s *sessions) expire() int {
	open := s.list()
	for _, session := range open {
		s.end(session.Key)
	}
	return len(open)
}

// endAt ends the sessions of an endpoint.
func (s *sessions) endAt(view *hostView) {
	for _, session := range s.list() {
		if s.isOf(session.Key, view) {
			s.end(session.Key)
		}
	}
}
