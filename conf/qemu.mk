# SPDX-License-Identifier: MIT
#
# The machine, and every target that starts it or talks to it.
#
# All of these exist with no suffix (a window), -nox (the terminal), -gdb (stopped, waiting for `make gdb`) and
# -nox-gdb: `qemu` boots to the shell; `run-NAME` runs one program, which QEMU hands to the kernel, so that nothing is
# compiled again. NAME stands for user_NAME unless it has a _ of its own (net_testoutput); words for the program
# follow after commas (run-echo,hello,world-nox). `prep-NAME` builds what run-NAME would, and runs nothing.

QEMU ?= $(shell type -P qemu-system-i386 || type -P qemu-system-x86_64)
comma := ,
space := $(subst ,, )

# --- Ports of this host ---
# Found once for each make, when the first is asked for. The targets that start a machine look for free ones; those that
# talk to a machine want the ports of the one that runs.
STARTS_MACHINE := $(filter qemu% run-%,$(MAKECMDGOALS))
RUNNING := $(OBJDIR)/.running
# The ports of net0 are PORT7, PORT80 and PORT11211, those of net1 PORT7_1 and so on.
FURTHER_NICS := $(if $(filter 1 2 3 4 5 6 7 8,$(NICS)),$(wordlist 2,$(NICS),0 1 2 3 4 5 6 7),$(error NICS is 1 to 8))
NIC_NUMBERS := 0 $(FURTHER_NICS)
PORT_NAMES := PORT7 PORT80 PORT11211 GDBPORT $(foreach n,$(FURTHER_NICS),PORT7_$n PORT80_$n PORT11211_$n)
PORTS_GIVEN := $(foreach v,$(PORT_NAMES),$(if $(filter undefined,$(origin $v)),-,$($v)))
PORTS = $(eval PORTS := $$(shell $$(PYTHON) conf/ports $(if $(STARTS_MACHINE),,--running $(RUNNING)) $(PORTS_GIVEN)))$(PORTS)
port_of = $(patsubst $1:%,%,$(filter $1:%,$(join $(PORT_NAMES:%=%:),$(PORTS))))
$(foreach v,$(PORT_NAMES),$(eval $v ?= $$(call port_of,$v)))
port = $($1$(if $(filter-out 0,$2),_$2))

# --- The machine's parts ---
# $1 is the number of a NIC. Each has a network of its own. Two igb must not be in slots next to each other.
forward = hostfwd=$1:127.0.0.1:$2-:$3
NET_user = user,id=net$1,$(subst $(space),$(comma),$(strip $(foreach kind,tcp udp,\
	$(call forward,$(kind),$(call port,PORT7,$1),7) $(call forward,$(kind),$(call port,PORT11211,$1),11211)) \
	$(call forward,tcp,$(call port,PORT80,$1),80)))
NET_tap = tap,id=net$1,ifname=$(or $(call nth,$1,$(TAP)),$(error NET=tap needs TAP=, the name of a tap device for each of NICS=$(NICS))),script=no,downscript=no
nth = $(word $(words 0 $(wordlist 1,$1,1 2 3 4 5 6 7)),$2)
nic_options = -netdev $(call NET_$(NET),$1) -device $(or $(call nth,$1,$(NIC)),$(lastword $(NIC))),netdev=net$1,$(strip \
	mac=52:54:00:12:34:$(call nth,$1,56 57 58 59 5a 5b 5c 5d),addr=$(call nth,$1,3 5 7 9 11 13 15 17),romfile=) \
	-object filter-dump,id=capture$1,netdev=net$1,file=qemu$(if $(filter-out 0,$1),-$1).pcap
URL_user = http://127.0.0.1:$(PORT80)/
URL_tap = http://10.0.2.15/
ACCEL_tcg = tcg,thread=multi

# $(call boot_args,WORDS): the boot arguments; QEMU wants each comma twice.
boot_args = $(subst $(comma),$(comma)$(comma),$(strip $1 url=$(or $(URL_$(NET)),$(error NET is user or tap)) \
	$(if $(E1000_DEBUG),e1000_debug=$(E1000_DEBUG)) $(ADDRESSES_$(NET)) $(ARGS)))
# In each user network the guest has the same address.
ADDRESSES_user = $(foreach n,$(FURTHER_NICS),ip$n=10.0.2.15)

QEMUOPTS = -m $(MEM) -smp $(CPUS),sockets=$(CPUS),cores=1,threads=1 -accel $(or $(ACCEL_$(ACCEL)),$(ACCEL)) -no-reboot -serial mon:stdio \
	-drive file=$(OBJDIR)/kern/kernel.img,index=0,media=disk,format=raw,snapshot=on \
	-drive file=$(OBJDIR)/fs/fs.img,index=1,media=disk,format=raw \
	$(foreach n,$(NIC_NUMBERS),$(call nic_options,$n)) \
	-device isa-debug-exit,iobase=0xf4,iosize=4

# --- Running ---
# A program's name, its file, and its boot arguments, from a target's stem such as `echo,hello`.
program_word = $(firstword $(subst $(comma), ,$1))
program = $(if $(findstring _,$(program_word)),,user_)$(program_word)
program_folder = $(firstword $(subst _, ,$(program)))
program_file = $(OBJDIR)/strip/$(program_folder)/$(patsubst $(program_folder)_%,%,$(program))
program_args = run=$(program)$(patsubst $(program_word)%,%,$1) $(if $(filter $(program),$(WITHOUT_FS)),fs=off) $(if $(program_needs_ns),ns=on)
program_opts = -fw_cfg name=opt/jos/bin/$(program),file=$(program_file) $(if $(program_needs_ns),$(ns_opts))

# Programs that use sockets find lab 6's network server running; other targets bring it up with NS=on.
program_needs_ns = $(filter $(program),$(WITH_NS))$(ns_wanted)
ns_file := $(OBJDIR)/strip/net/ns
ns_opts := -fw_cfg name=opt/jos/bin/net_ns,file=$(ns_file)
ns_wanted := $(filter on,$(NS))

# $(call start,HOW,BOOT WORDS,OPTIONS), where HOW is the target's suffix.
HOW_ :=
HOW_-nox := -display none
HOW_-gdb = -S -gdb tcp:127.0.0.1:$(GDBPORT)
HOW_-nox-gdb = $(HOW_-nox) $(HOW_-gdb)
define start
	$(if $(findstring gdb,$1),@$(make_gdbinit))
	@echo 'To quit: $(if $(findstring nox,$1),Ctrl-a x,close the window).$(if $(findstring gdb,$1), In another terminal: make gdb)'
	$(Q)conf/launch $(RUNNING) '$(foreach v,$(PORT_NAMES),$($v))' $(QEMU) $(QEMUOPTS) $(HOW_$1) \
		-fw_cfg 'name=opt/jos/args,string=$(call boot_args,$2)' $3 $(QEMUEXTRA)
endef

define machine_targets
qemu$1: $$(IMAGES) $$(if $$(ns_wanted),$$(ns_file))
	$$(call start,$1,$$(if $$(ns_wanted),ns=on),$$(if $$(ns_wanted),$$(ns_opts)))
run-%$1: $$(IMAGES) $$$$(call program_file,$$$$*) $(ns_file)
	$$(call start,$1,$$(call program_args,$$*),$$(call program_opts,$$*))
.PHONY: qemu$1
endef
$(foreach how,-nox-gdb -nox -gdb,$(eval $(call machine_targets,$(how))))
$(eval $(call machine_targets,))

prep-%: $(IMAGES) $$(call program_file,$$*)
	@:

# --- Talking to it ---
make_gdbinit = sed 's/@GDBPORT@/$(GDBPORT)/g' conf/gdbinit.tmpl > .gdbinit
gdb:
	@$(make_gdbinit)
	gdb -q -n -x .gdbinit

print-gdbport:
	@echo $(GDBPORT)
print-qemu:
	@echo $(QEMU)
which-ports:
	$(foreach n,$(NIC_NUMBERS),$(call tell_ports,$n,$(if $(FURTHER_NICS),net$n: )))
define tell_ports
	@echo '$2guest port 7 (echo):          127.0.0.1:$(call port,PORT7,$1)'
	@echo '$2guest port 80 (web):          127.0.0.1:$(call port,PORT80,$1)'
	@echo '$2guest port 11211 (memcached): 127.0.0.1:$(call port,PORT11211,$1)'

endef

# nc-7, nc-80, telnet-7, telnet-80
nc-%:
	$(Q)$(call client,nc) 127.0.0.1 $(PORT$*)
telnet-%:
	$(Q)$(call client,telnet) 127.0.0.1 $(PORT$*)
client = type -P $1 >/dev/null || { echo '$1 is not installed here; curl telnet://127.0.0.1:$(PORT$*) does the same' >&2; exit 1; }; $1

.PHONY: gdb print-gdbport print-qemu which-ports
