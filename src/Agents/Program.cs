using PRTS.Agents;
using PRTS.Agents.Configuration;
using PRTS.Agents.Connection;
using PRTS.Execution.Images;

if (args is [ImageBuild.Verb, var order])
    return await ImageBuild.Run(order);

using var stop = new CancellationTokenSource();
using var interrupt = System.Runtime.InteropServices.PosixSignalRegistration.Create(System.Runtime.InteropServices.PosixSignal.SIGTERM, _ => stop.Cancel());
try
{
    var options = AgentOptions.FromEnvironment();
    using var home = AgentHome.Take(options.Home);
    using var controlPlane = new ControlPlane(options);
    await controlPlane.WaitUntilUp(Console.WriteLine, TimeProvider.System, stop.Token);
    var identity = await AgentIdentity.LoadOrJoin(options, controlPlane.Http, stop.Token);
    controlPlane.Identify(identity);
    await controlPlane.CheckCredential(stop.Token);
    interrupt.Dispose();

    using var host = AgentHost.Build(args, options.As(identity.Joined), identity, controlPlane);
    await AgentHost.Run(host);
    return 0;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 0;
}
catch (Exception problem) when (problem is AgentSetupException or IOException or HttpRequestException or UnauthorizedAccessException)
{
    await Console.Error.WriteLineAsync($"prts-agent: {problem.Message}");
    return 1;
}
