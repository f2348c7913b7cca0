// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Package flags reads the command line.
package flags

import (
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"esx-simulator/internal/apiversion"
)

// Options are what the command line says.
type Options struct {
	Listen          string
	Kind            string
	Hosts, Clusters int
	ClusterHosts    int
	Domains         int
	datastores      int
	LocalDatastores int
	Datacenters     int
	Portgroups      int
	DRS             string
	HA              int
	VCLS            int
	BootTime        time.Duration
	LeaseTimeout    time.Duration
	datastoreName   string
	datastoreTypes  string
	DatastoreGiB    int64
	IscsiTargets    int
	Autostart       bool
	TLS             bool
	TLSCert, TLSKey string
	CertificateFile string
	Username        string
	Password        string
	Version         string
	Product         string
	Licence         string
	ManagedBy       string
	HostEndpoints   string
	ByHost          string
	TraceFile       string
	IdleTimeout     time.Duration
	MigrationDelay  time.Duration
	CopyDelay       time.Duration
	WithParent      bool
	Verbose         bool
}

const usage = `esx-simulator: a simulated ESX host, or a vCenter with hosts, to try playbooks and tests against.

When it is ready it prints one line of JSON with its url, port, pid and certificate. It ends on SIGTERM, on SIGINT,
and with -with-parent when its standard input is closed. README.md has examples and the control endpoint.

`

// vcenterFlags are the flags for the inventory of a vCenter.
func (o *Options) vcenterFlags(f *flag.FlagSet) {
	f.IntVar(&o.Hosts, "hosts", 2, "standalone hosts of a vcenter")
	f.IntVar(&o.Clusters, "clusters", 0, "clusters of a vcenter")
	f.IntVar(&o.ClusterHosts, "cluster-hosts", 2, "hosts in each cluster")
	f.IntVar(&o.LocalDatastores, "local-datastores", 0,
		"datastores that only one host has, of each host: \"datastore1\", \"datastore1 (1)\" ...")
	f.IntVar(&o.Datacenters, "datacenters", 1,
		"datacenters of a vcenter, each with -hosts and -clusters; all have datastores of the same names, which are the same")
	f.IntVar(&o.Portgroups, "distributed-portgroups", 0, "port groups of a distributed switch, in each datacenter")
	f.StringVar(&o.DRS, "drs", "off",
		"`off`; initial: clusters move a domain that is powered on; full: and empty a host that enters maintenance mode")
	f.IntVar(&o.HA, "ha", 0, "`hosts` that each cluster keeps in reserve: no domain starts that would need them")
	f.IntVar(&o.VCLS, "vcls", 0, "vCLS `machines` in each cluster")
}

// timeFlags are the flags for times; the function that it returns sets the
// options from them, after the command line has been read.
func (o *Options) timeFlags(f *flag.FlagSet) func() {
	boot := f.Int("boot-time", 1000, "`milliseconds` from a host's reboot until it is back")
	lease := f.Int("lease-timeout", 300, "`seconds` until a lease without progress ends")
	idle := f.Int("idle-timeout", 0, "`seconds` until an idle session expires; 0: never")
	migration := f.Int("migration-delay", 0, "`milliseconds` that a migration takes")
	copying := f.Int("copy-delay", 0, "`milliseconds` that copying a disk or file takes, at least, and removing a snapshot")
	return func() {
		o.BootTime, o.LeaseTimeout = time.Duration(*boot)*time.Millisecond, time.Duration(*lease)*time.Second
		o.CopyDelay = time.Duration(*copying) * time.Millisecond
		o.IdleTimeout, o.MigrationDelay = time.Duration(*idle)*time.Second, time.Duration(*migration)*time.Millisecond
	}
}

// Parse reads the command line.
func Parse(args []string, output io.Writer) (Options, error) {
	var o Options
	f := flag.NewFlagSet("esx-simulator", flag.ContinueOnError)
	f.SetOutput(output)
	f.Usage = func() {
		fmt.Fprint(output, usage)
		f.PrintDefaults()
	}
	f.StringVar(&o.Listen, "listen", "127.0.0.1:0", "`address:port` to listen on; port 0 takes a free one")
	f.StringVar(&o.Kind, "kind", "esx", "what to simulate: `esx` or vcenter")
	f.IntVar(&o.Domains, "domains", 2, "domains on each host, named domain-1, domain-2 ...")
	f.IntVar(&o.datastores, "datastores", 1, "datastores, on all hosts")
	o.vcenterFlags(f)
	setTimes := o.timeFlags(f)
	f.StringVar(&o.datastoreName, "datastore-name", "local-storage",
		"name of the first datastore; the second has \"-2\" appended")
	f.StringVar(&o.datastoreTypes, "datastore-types", "vmfs",
		"comma-separated `types` of the datastores, vmfs or nfs; the last one also applies to those that follow")
	f.IntVar(&o.IscsiTargets, "iscsi-targets", 0, "number of static targets of an iSCSI adapter; 0: no adapter")
	f.Int64Var(&o.DatastoreGiB, "datastore-capacity", 1024, "capacity of each datastore in `GiB`")
	f.BoolVar(&o.Autostart, "autostart", true, "whether the domains run")
	f.BoolVar(&o.TLS, "tls", true, "HTTPS; =false for HTTP")
	f.StringVar(&o.TLSCert, "tlscert", "", "certificate `file` (PEM) instead of a self-signed one")
	f.StringVar(&o.TLSKey, "tlskey", "", "key `file` (PEM) of the certificate")
	f.StringVar(&o.CertificateFile, "certificate-file", "",
		"`file` to write the self-signed certificate to; it is removed when the simulator ends")
	f.StringVar(&o.Username, "username", "", "the only `user` who can log in; default: any")
	f.StringVar(&o.Password, "password", "", "`password` of that user")
	f.StringVar(&o.Version, "version", "8.0", "`version` of the API: "+strings.Join(apiversion.Names(), ", "))
	f.StringVar(&o.Product, "product", "", "`gsx` for a VMware Server 2.0 (with -kind esx and -version 2.5)")
	f.StringVar(&o.Licence, "licence", "evaluation", "`evaluation`, or free: the API is read-only")
	f.StringVar(&o.ManagedBy, "managed-by", "",
		"`address` of the vCenter that hosts say manages them; default: none for an esx, its own for a vcenter")
	f.StringVar(&o.HostEndpoints, "host-endpoints", "", "comma-separated `addresses`, or \"auto\" for 127.0.0.2, 127.0.0.3 ...:\n"+
		"each host of a vcenter also listens as an ESX host of its own, there and at the vcenter's port (or address:port)")
	f.StringVar(&o.ByHost, "by-host", "", "`HOST=URL`: requests with that Host header go to another simulator")
	f.StringVar(&o.TraceFile, "trace", "", "`file` for a trace: one line of JSON for each call")
	f.BoolVar(&o.WithParent, "with-parent", false, "end when standard input is closed")
	f.BoolVar(&o.Verbose, "verbose", false, "write the library's messages to standard error")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	setTimes()
	return o, o.check()
}

// check refuses impossible and contradicting options.
func (o Options) check() error {
	oneOf := func(name, value string, allowed ...string) error {
		for _, a := range allowed {
			if value == a {
				return nil
			}
		}
		return fmt.Errorf("-%s must be one of %s, not %q", name, strings.Join(allowed, ", "), value)
	}
	if err := oneOf("kind", o.Kind, "esx", "vcenter"); err != nil {
		return err
	}
	if err := oneOf("product", o.Product, "", "gsx"); err != nil {
		return err
	}
	if err := oneOf("licence", o.Licence, "evaluation", "free"); err != nil {
		return err
	}
	if err := oneOf("drs", o.DRS, "off", "initial", "full"); err != nil {
		return err
	}
	for _, kind := range strings.Split(o.datastoreTypes, ",") {
		if err := oneOf("datastore-types", kind, "vmfs", "nfs"); err != nil {
			return err
		}
	}
	switch {
	case o.DatastoreGiB < 1:
		return fmt.Errorf("-datastore-capacity must be at least 1")
	case o.datastores < 0 || o.datastores+o.LocalDatastores < 1:
		return fmt.Errorf("-datastores and -local-datastores must be at least 1 together")
	case o.Datacenters < 1:
		return fmt.Errorf("-datacenters must be at least 1")
	case o.VCLS > 0 && o.datastores < 1:
		return fmt.Errorf("-vcls needs -datastores")
	case o.Kind == "vcenter" && o.Hosts+o.Clusters < 1:
		return fmt.Errorf("a vcenter needs -hosts or -clusters")
	case o.Kind == "esx" && o.HostEndpoints != "":
		return fmt.Errorf("-host-endpoints needs -kind vcenter")
	case (o.TLSCert == "") != (o.TLSKey == ""):
		return fmt.Errorf("-tlscert and -tlskey go together")
	}
	return nil
}

// DatastoreNames are the names of the datastores.
func (o Options) DatastoreNames() []string {
	if o.datastores == 0 {
		return nil
	}
	names := []string{o.datastoreName}
	for n := 2; n <= o.datastores; n++ {
		names = append(names, fmt.Sprintf("%s-%d", o.datastoreName, n))
	}
	return names
}

// DatastoreType is the type of the n-th datastore.
func (o Options) DatastoreType(n int) string {
	kinds := strings.Split(o.datastoreTypes, ",")
	return kinds[min(n, len(kinds)-1)]
}
