using System.Globalization;
using System.Runtime.InteropServices;
using PRTS.Supervisor;
using PRTS.Supervisor.Containers;
using PRTS.Supervisor.Native;
using PRTS.Supervisor.Protocol;

const int Usage = 2;
if (args is ["relay", var containerFiles, var step, .. var how])
    return Relay.Run(containerFiles, int.Parse(step, CultureInfo.InvariantCulture), shared: how is ["shared"]);

if (SupervisorOptions.Parse(args) is not { } options || !File.Exists("job.json"))
{
    Console.Error.WriteLine("Usage: prts-supervisor [--spool-limit=BYTES] [--segment-size=BYTES], in a job's directory (with its job.json). The agent starts it.");
    return Usage;
}

// A session of its own: no terminal's and no agent's end reaches it.
_ = Libc.SetSid();
_ = Libc.Prctl(Libc.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
_ = Libc.Umask(18); // 022, for the steps; our own files are created with 0600.

// Nothing is disposed: the process's end closes it all, and other threads may be using it until then.
var bell = new Bell();
if (Journal.TryCreate(JobFiles.Journal, bell) is not { } journal)
{
    Console.Error.WriteLine("This job has a supervisor already.");
    return JobFiles.AlreadySupervised;
}
var spool = new Spool(JobFiles.Spool, options.SpoolLimit, options.SegmentSize, TimeProvider.System, bell);
var supervisor = new JobSupervisor(spool, journal, TimeProvider.System);
var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
{
    context.Cancel = true;
    supervisor.Stop();
});

var listener = ControlServer.Listen();
File.WriteAllText(JobFiles.SupervisorPid, ProcessIdentity.Current.ToLine());
StandardStreams.ReportReady();
var server = new ControlServer(supervisor, bell);
new Thread(() => server.Serve(listener)) { Name = "control", IsBackground = true }.Start();
supervisor.WaitUntilLeft();
GC.KeepAlive(term);
return 0;
