using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;
using PRTS.Grains.Agents;

namespace PRTS.Grains.Tests.Agents;

public sealed class AgentMatchingTests
{
    private static readonly AttemptId Attempt = AttemptId.FromKey("default/demo/hello/1/lint/1");

    private static SlotRequest Request(params string[] labels) => new() { Attempt = Attempt, RunsOn = labels, Since = Plans.Now };

    private static AgentView Agent(string name, string labels = "linux", int slots = 1, int used = 0, bool online = true, bool drained = false, bool containers = false) => new()
    {
        Name = name,
        Labels = labels.Split(','),
        Slots = slots,
        Held = [.. Enumerable.Range(1, used).Select(build => AttemptId.FromKey($"default/demo/busy/{build}/lint/1"))],
        Online = online,
        Drained = drained,
        Containers = containers,
        LastSeenAt = Plans.Now.AddMinutes(3),
    };

    [Fact]
    public void Choose_TakesTheFreestThatFits()
    {
        Assert.Equal("b", AgentMatching.Choose(Request("LINUX"), [Agent("a", slots: 4, used: 3), Agent("b", slots: 2), Agent("c", "windows", slots: 9)]));
        Assert.Equal("a", AgentMatching.Choose(Request(), [Agent("b"), Agent("a")]));
    }

    [Fact]
    public void Choose_NoneOfflineDrainedBusyOrUnfit() =>
        Assert.Null(AgentMatching.Choose(Request("linux"), [Agent("a", used: 1), Agent("b", online: false), Agent("c", drained: true), Agent("d", "windows")]));

    [Fact]
    public void Choose_ImageNeedsContainers()
    {
        Assert.Null(AgentMatching.Choose(Request() with { Image = "node:20" }, [Agent("a")]));
        Assert.Equal("b", AgentMatching.Choose(Request() with { Services = ["redis:7"] }, [Agent("a"), Agent("b", containers: true)]));
    }

    [Fact]
    public void WhyWaiting_SaysWhatIsMissingAndWhatWouldHelp()
    {
        string[] labels = ["gpu", "linux"];
        Assert.Equal(
            "No agent has a container engine, and the job asks for the image node:20. It starts when Docker or podman runs on an agent; without `image` it runs on any agent.",
            AgentMatching.WhyWaiting(Request() with { Image = "node:20" }, [Agent("a")], 0));
        Assert.Equal("No agent has joined yet. `prts agent token` prints the command that starts one.", AgentMatching.WhyWaiting(Request(), [], 0));
        Assert.Equal(
            "No online agent has the labels gpu, linux: agent-1 lacks gpu. Start an agent with --labels gpu,linux.",
            AgentMatching.WhyWaiting(Request(labels), [Agent("agent-1")], 0));
        Assert.Equal(
            "No online agent has the labels gpu, linux: agent-2 is offline since 12:03 UTC; agent-1 lacks gpu. Start agent-2 again.",
            AgentMatching.WhyWaiting(Request(labels), [Agent("agent-1"), Agent("agent-2", "linux,gpu", online: false)], 0));
        Assert.Equal("No agent is online: agent-1 is offline since 12:03 UTC. Start agent-1 again.", AgentMatching.WhyWaiting(Request(), [Agent("agent-1", online: false)], 0));
        Assert.Equal("No agent is online: agent-1 is drained. Resume agent-1, or start an agent.", AgentMatching.WhyWaiting(Request(), [Agent("agent-1", drained: true)], 0));
    }

    [Theory]
    [InlineData(0, "All 2 slots of the agents that fit (agent-1) are busy; this job is next.")]
    [InlineData(1, "All 2 slots of the agents that fit (agent-1) are busy; 1 job is ahead.")]
    [InlineData(3, "All 2 slots of the agents that fit (agent-1) are busy; 3 jobs are ahead.")]
    [InlineData(57, "All 2 slots of the agents that fit (agent-1) are busy; more than 10 jobs are ahead.")]
    public void WhyWaiting_Busy_CountsThoseAhead(int ahead, string reason) =>
        Assert.Equal(reason, AgentMatching.WhyWaiting(Request(), [Agent("agent-1", slots: 2, used: 2)], ahead));
}
