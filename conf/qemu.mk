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
PORTS_GIVEN := $(foreach v,PORT7 PORT80 PORT11211 GDBPORT,$(if $(filter undefined,$(origin $v)),-,$($v)))
PORTS = $(eval PORTS := $$(shell $$(PYTHON) conf/ports $(if $(STARTS_MACHINE),,--running $(RUNNING)) $(PORTS_GIVEN)))$(PORTS)
PORT7 ?= $(word 1,$(PORTS))
PORT80 ?= $(word 2,$(PORTS))
PORT11211 ?= $(word 3,$(PORTS))
GDBPORT ?= $(word 4,$(PORTS))

# --- The machine's parts ---
forward = hostfwd=$1:127.0.0.1:$2-:$3
NET_user = user,id=net0,$(subst $(space),$(comma),$(strip \
	$(call forward,tcp,$(PORT7),7) $(call forward,udp,$(PORT7),7) $(call forward,tcp,$(PORT80),80) \
	$(call forward,tcp,$(PORT11211),11211) $(call forward,udp,$(PORT11211),11211)))
NET_tap = tap,id=net0,ifname=$(or $(TAP),$(error NET=tap needs TAP=, the name of a tap device)),script=no,downscript=no
URL_user = http://127.0.0.1:$(PORT80)/
URL_tap = http://10.0.2.15/
ACCEL_tcg = tcg,thread=multi

# $(call boot_args,WORDS): the boot arguments; QEMU wants each comma twice.
boot_args = $(subst $(comma),$(comma)$(comma),$(strip $1 url=$(or $(URL_$(NET)),$(error NET is user or tap)) \
	$(if $(E1000_DEBUG),e1000_debug=$(E1000_DEBUG)) $(ARGS)))

QEMUOPTS = -m $(MEM) -smp $(CPUS),sockets=$(CPUS),cores=1,threads=1 -accel $(or $(ACCEL_$(ACCEL)),$(ACCEL)) -no-reboot -serial mon:stdio \
	-drive file=$(OBJDIR)/kern/kernel.img,index=0,media=disk,format=raw,snapshot=on \
	-drive file=$(OBJDIR)/fs/fs.img,index=1,media=disk,format=raw \
	-netdev $(NET_$(NET)) -device $(NIC),netdev=net0,mac=52:54:00:12:34:56,addr=3,romfile= \
	-object filter-dump,id=capture,netdev=net0,file=qemu.pcap \
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
program_needs_ns = $(filter $(program),$(WITH_NS))
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
	$(Q)conf/launch $(RUNNING) '$(PORT7) $(PORT80) $(PORT11211) $(GDBPORT)' $(QEMU) $(QEMUOPTS) $(HOW_$1) \
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
	@echo 'guest port 7 (echo):          127.0.0.1:$(PORT7)'
	@echo 'guest port 80 (web):          127.0.0.1:$(PORT80)'
	@echo 'guest port 11211 (memcached): 127.0.0.1:$(PORT11211)'

# nc-7, nc-80, telnet-7, telnet-80
nc-%:
	$(Q)$(call client,nc) 127.0.0.1 $(PORT$*)
telnet-%:
	$(Q)$(call client,telnet) 127.0.0.1 $(PORT$*)
client = type -P $1 >/dev/null || { echo '$1 is not installed here; curl telnet://127.0.0.1:$(PORT$*) does the same' >&2; exit 1; }; $1

.PHONY: gdb print-gdbport print-qemu which-ports
