using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using PRTS.Agents.Configuration;
using PRTS.Agents.Connection;
using PRTS.Agents.Jobs;
using PRTS.Contracts;
using PRTS.Contracts.Agents;

namespace PRTS.Agents.Reporting;

/// <summary>Tells the tenant's agents grain that this agent lives and what it runs, and does what the answer orders.</summary>
public sealed class Heartbeat(IGrainFactory grains, AgentOptions options, AgentIdentity identity, AgentJobs jobs, TimeProvider time, ILogger<Heartbeat> logger)
    : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    private const int BeatsBetweenLooks = 10;

    /// <summary>While the control plane does not know us: no job comes meanwhile.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(250);

    private readonly string session = Guid.NewGuid().ToString("N");
    private bool known;
    private bool hasContainers;
    private int untilLook;
    private string? said;

    private IAgentsGrain Agents => grains.Agents(identity.Joined.Tenant);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await Agents.Beat(Beat(leaving: true)).WaitAsync(TimeSpan.FromSeconds(2), time, cancellationToken);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Leaving without a word is what a crash does; the lease covers it.
            logger.LogInformation("The control plane did not hear that this agent leaves: {Problem}", failure.Message);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        jobs.Adopt();
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            try
            {
                await Once();
                said = null;
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                // Jobs go on without the control plane; it hears of them when it is back.
                known = false;
                if (said != failure.Message)
                    logger.LogWarning("No answer from the control plane: {Problem}", failure.Message);
                said = failure.Message;
            }

            timer.Period = known ? Period : Again;
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task Once()
    {
        await LookForEngine();
        if (!known)
        {
            await Agents.Hello(new AgentHello
            {
                Name = identity.Joined.Name,
                Session = session,
                Labels = options.Labels,
                Slots = options.Slots,
                Version = typeof(Heartbeat).Assembly.GetName().Version?.ToString(3) ?? "",
                Os = AgentOptions.OperatingSystem,
                Architecture = AgentOptions.Architecture,
                Host = Environment.MachineName,
                Running = jobs.Running,
                Containers = hasContainers,
            });
            known = true;
            logger.LogInformation("Agent {Agent} is online with {Slots} slots, the labels {Labels} and {Engine}",
                identity.Joined.Name, options.Slots, string.Join(", ", options.Labels), hasContainers ? $"the container engine at {options.Engine!.Path}" : "no container engine");
        }

        var orders = await Agents.Beat(Beat(leaving: false));
        known = orders.Known;
        foreach (var attempt in orders.Abandon)
            jobs.Abandon(attempt);
    }

    /// <summary>A container engine may come and go while the agent runs; then the agent says anew what it can.</summary>
    private async Task LookForEngine()
    {
        if (options.Engine is not { } engine || --untilLook > 0)
            return;
        untilLook = BeatsBetweenLooks;
        var answers = await engine.IsReady(CancellationToken.None);
        known &= answers == hasContainers;
        hasContainers = answers;
    }

    private AgentBeat Beat(bool leaving) => new() { Name = identity.Joined.Name, Session = session, Running = jobs.Running, Leaving = leaving };
}
