// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"flag"
	"fmt"
	"io"
	"strings"
	"time"
)

// options are what the command line says.
type options struct {
	listen          string
	kind            string
	hosts, clusters int
	clusterHosts    int
	domains         int
	datastores      int
	localDatastores int
	datacenters     int
	portgroups      int
	drs             string
	ha              int
	vcls            int
	bootTime        time.Duration
	leaseTimeout    time.Duration
	datastoreName   string
	datastoreTypes  string
	datastoreGiB    int64
	iscsiTargets    int
	autostart       bool
	tls             bool
	tlsCert, tlsKey string
	certificateFile string
	username        string
	password        string
	version         string
	product         string
	licence         string
	managedBy       string
	hostEndpoints   string
	byHost          string
	traceFile       string
	idleTimeout     time.Duration
	migrationDelay  time.Duration
	copyDelay       time.Duration
	withParent      bool
	verbose         bool
}

const usage = `esx-simulator: a simulated ESX host, or a vCenter with hosts, to try playbooks and tests against.

When it is ready it prints one line of JSON with its url, port, pid and certificate. It ends on SIGTERM, on SIGINT,
and with -with-parent when its standard input is closed. README.md has examples and the control endpoint.

`

// vcenterFlags are the flags for what a vCenter has beside hosts.
func (o *options) vcenterFlags(f *flag.FlagSet) {
	f.IntVar(&o.localDatastores, "local-datastores", 0,
		"datastores that one host alone has, of each host: \"datastore1\", \"datastore1 (1)\" ...")
	f.IntVar(&o.datacenters, "datacenters", 1,
		"datacenters of a vcenter, each with -hosts and -clusters; all have datastores of the same names, which are the same")
	f.IntVar(&o.portgroups, "distributed-portgroups", 0, "port groups of a distributed switch, in each datacenter")
	f.StringVar(&o.drs, "drs", "off",
		"`off`; initial: clusters move a domain that is powered on; full: and empty a host that enters maintenance mode")
	f.IntVar(&o.ha, "ha", 0, "`hosts` that each cluster keeps in reserve: nothing starts that would need them")
	f.IntVar(&o.vcls, "vcls", 0, "vCLS `machines` in each cluster")
}

// parseFlags reads the command line.
func parseFlags(args []string, output io.Writer) (options, error) {
	var o options
	var idle, migration, boot, lease, copying int
	f := flag.NewFlagSet("esx-simulator", flag.ContinueOnError)
	f.SetOutput(output)
	f.Usage = func() {
		fmt.Fprint(output, usage)
		f.PrintDefaults()
	}
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "`address:port` to listen on; port 0 takes a free one")
	f.StringVar(&o.kind, "kind", "esx", "what to play: `esx` or vcenter")
	f.IntVar(&o.hosts, "hosts", 2, "standalone hosts of a vcenter")
	f.IntVar(&o.clusters, "clusters", 0, "clusters of a vcenter")
	f.IntVar(&o.clusterHosts, "cluster-hosts", 2, "hosts in each cluster")
	f.IntVar(&o.domains, "domains", 2, "domains on each host, named domain-1, domain-2 ...")
	f.IntVar(&o.datastores, "datastores", 1, "datastores, on all hosts")
	o.vcenterFlags(f)
	f.IntVar(&boot, "boot-time", 1000, "`milliseconds` from a host's reboot until it is there again")
	f.IntVar(&lease, "lease-timeout", 300, "`seconds` until a lease without progress ends")
	f.StringVar(&o.datastoreName, "datastore-name", "local-storage",
		"name of the first datastore; the second gets \"-2\" behind it")
	f.StringVar(&o.datastoreTypes, "datastore-types", "vmfs",
		"`types` of the datastores with commas, vmfs or nfs; the last is that of all that follow")
	f.IntVar(&o.iscsiTargets, "iscsi-targets", 0, "number of static targets of an iSCSI adapter; 0: no adapter")
	f.Int64Var(&o.datastoreGiB, "datastore-capacity", 1024, "capacity of each datastore in `GiB`")
	f.BoolVar(&o.autostart, "autostart", true, "the domains run")
	f.BoolVar(&o.tls, "tls", true, "HTTPS; =false for HTTP")
	f.StringVar(&o.tlsCert, "tlscert", "", "certificate `file` (PEM) instead of a self-signed one")
	f.StringVar(&o.tlsKey, "tlskey", "", "key `file` (PEM) of the certificate")
	f.StringVar(&o.certificateFile, "certificate-file", "",
		"`file` to write the self-signed certificate to; it goes when the simulator ends")
	f.StringVar(&o.username, "username", "", "the only `user` who can log in; default: any")
	f.StringVar(&o.password, "password", "", "`password` of that user")
	f.StringVar(&o.version, "version", "8.0", "`version` of the API: "+strings.Join(versionNames(), ", "))
	f.StringVar(&o.product, "product", "", "`gsx` for a VMware Server 2.0 (with -kind esx and -version 2.5)")
	f.StringVar(&o.licence, "licence", "evaluation", "`evaluation`, or free: the API is read-only")
	f.StringVar(&o.managedBy, "managed-by", "",
		"`address` of the vCenter that hosts say manages them; default: none for an esx, its own for a vcenter")
	f.StringVar(&o.hostEndpoints, "host-endpoints", "", "`addresses` with commas, or \"auto\" for 127.0.0.2, 127.0.0.3 ...:\n"+
		"each host of a vcenter also listens as an ESX host of its own, there and at the vcenter's port (or address:port)")
	f.StringVar(&o.byHost, "by-host", "", "`HOST=URL`: requests with that Host header go to another simulator")
	f.StringVar(&o.traceFile, "trace", "", "`file` for a trace: one line of JSON for each call")
	f.IntVar(&idle, "idle-timeout", 0, "`seconds` until an idle session expires; 0: never")
	f.IntVar(&migration, "migration-delay", 0, "`milliseconds` that a migration takes")
	f.IntVar(&copying, "copy-delay", 0, "`milliseconds` that copying a disk or file takes, at least")
	f.BoolVar(&o.withParent, "with-parent", false, "end when standard input is closed")
	f.BoolVar(&o.verbose, "verbose", false, "write the library's messages to standard error")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	o.bootTime, o.leaseTimeout = time.Duration(boot)*time.Millisecond, time.Duration(lease)*time.Second
	o.copyDelay = time.Duration(copying) * time.Millisecond
	o.idleTimeout, o.migrationDelay = time.Duration(idle)*time.Second, time.Duration(migration)*time.Millisecond
	return o, o.check()
}

// check refuses what cannot be, and what does not fit together.
func (o options) check() error {
	oneOf := func(name, value string, allowed ...string) error {
		for _, a := range allowed {
			if value == a {
				return nil
			}
		}
		return fmt.Errorf("-%s must be one of %s, not %q", name, strings.Join(allowed, ", "), value)
	}
	if err := oneOf("kind", o.kind, "esx", "vcenter"); err != nil {
		return err
	}
	if err := oneOf("product", o.product, "", "gsx"); err != nil {
		return err
	}
	if err := oneOf("licence", o.licence, "evaluation", "free"); err != nil {
		return err
	}
	if err := oneOf("drs", o.drs, "off", "initial", "full"); err != nil {
		return err
	}
	for _, kind := range strings.Split(o.datastoreTypes, ",") {
		if err := oneOf("datastore-types", kind, "vmfs", "nfs"); err != nil {
			return err
		}
	}
	switch {
	case o.datastoreGiB < 1:
		return fmt.Errorf("-datastore-capacity must be at least 1")
	case o.datastores < 0 || o.datastores+o.localDatastores < 1:
		return fmt.Errorf("-datastores and -local-datastores must be at least 1 together")
	case o.datacenters < 1:
		return fmt.Errorf("-datacenters must be at least 1")
	case o.vcls > 0 && o.datastores < 1:
		return fmt.Errorf("-vcls needs -datastores")
	case o.kind == "vcenter" && o.hosts+o.clusters < 1:
		return fmt.Errorf("a vcenter needs -hosts or -clusters")
	case o.kind == "esx" && o.hostEndpoints != "":
		return fmt.Errorf("-host-endpoints needs -kind vcenter")
	case (o.tlsCert == "") != (o.tlsKey == ""):
		return fmt.Errorf("-tlscert and -tlskey go together")
	}
	return nil
}

// datastoreNames are the names of the datastores.
func (o options) datastoreNames() []string {
	if o.datastores == 0 {
		return nil
	}
	names := []string{o.datastoreName}
	for n := 2; n <= o.datastores; n++ {
		names = append(names, fmt.Sprintf("%s-%d", o.datastoreName, n))
	}
	return names
}

// datastoreType is the type of the n-th datastore.
func (o options) datastoreType(n int) string {
	kinds := strings.Split(o.datastoreTypes, ",")
	return kinds[min(n, len(kinds)-1)]
}
