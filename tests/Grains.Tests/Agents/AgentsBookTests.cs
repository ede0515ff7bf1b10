using PRTS.Api.Agents;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;
using PRTS.Grains.Agents;

namespace PRTS.Grains.Tests.Agents;

public sealed class AgentsBookTests
{
    private readonly AgentsBook book = new(new GrainsOptions { PublicUrl = "http://localhost", TokenKey = new byte[32] });
    private DateTimeOffset now = Plans.Now;

    private static AttemptId Attempt(int build) => AttemptId.FromKey($"default/demo/hello/{build}/lint/1");

    private SlotRequest Request(int build, string[]? labels = null) => new() { Attempt = Attempt(build), RunsOn = labels ?? [], Since = Plans.Now.AddSeconds(build) };

    private void Hello(string name = "agent-1", int slots = 1, string session = "s1", params string[] running) =>
        book.Hello(new() { Name = name, Session = session, Labels = ["linux"], Slots = slots, Running = running }, now);

    private AgentOrders Beat(string session = "s1", params string[] running) => book.Beat(new() { Name = "agent-1", Session = session, Running = running }, now);

    [Fact]
    public void Request_FreeSlot_IsPlacedAndStaysSo()
    {
        Hello();
        Assert.Equal("agent-1", book.Request(Request(1), now).Agent);
        Assert.Equal("agent-1", book.Request(Request(1), now).Agent);
        Assert.Contains("this job is next", book.Request(Request(2), now).WaitReason, StringComparison.Ordinal);
        Assert.Contains("1 job is ahead", book.Request(Request(3), now).WaitReason, StringComparison.Ordinal);
    }

    [Fact]
    public void Request_ThatWaits_IsToldWhenItsTurnIsExpected()
    {
        var minutes = TimeSpan.FromMinutes(1);
        Hello(slots: 2);
        book.Request(Request(1) with { Usual = 10 * minutes }, now);
        book.Request(Request(2) with { Usual = 4 * minutes }, now);
        Assert.Equal(now + (4 * minutes), book.Request(Request(3) with { Usual = 3 * minutes }, now).ExpectedStartAt);
        Assert.Equal(now + (7 * minutes), book.Request(Request(4), now).ExpectedStartAt);
        Assert.Equal(now + (10 * minutes), book.Request(Request(5), now).ExpectedStartAt);
        // Nobody knows how long the fourth and the fifth take.
        Assert.Null(book.Request(Request(6), now).ExpectedStartAt);
        Assert.Null(book.Request(Request(7, ["gpu"]) with { Usual = minutes }, now).ExpectedStartAt);
        book.Take();
        now += 2 * minutes;
        Beat();
        book.Release(Attempt(2), now);
        book.Sweep(now);
        var told = book.Take().OfType<AgentsEffect.Place>().Where(told => told.Placement.Agent is null).ToDictionary(told => told.Attempt, told => told.Placement.ExpectedStartAt);
        Assert.Equal(Plans.Now + (5 * minutes), told[Attempt(4)]);
    }

    [Fact]
    public void Release_PlacesTheNextInLine()
    {
        Hello();
        foreach (var build in (int[])[1, 3, 2]) book.Request(Request(build), now);
        book.Take();
        book.Sweep(now);
        Assert.Contains("1 job is ahead", Assert.Single(book.Take().OfType<AgentsEffect.Place>()).Placement.WaitReason, StringComparison.Ordinal);
        book.Release(Attempt(1), now);
        var placed = Assert.Single(book.Take().OfType<AgentsEffect.Place>());
        Assert.Equal((Attempt(2), "agent-1"), (placed.Attempt, placed.Placement.Agent));
        book.Sweep(now);
        Assert.Contains("this job is next", Assert.Single(book.Take().OfType<AgentsEffect.Place>()).Placement.WaitReason, StringComparison.Ordinal);
        book.Sweep(now);
        Assert.Empty(book.Take());
    }

    [Fact]
    public void Request_OfJobsReadyTogether_AreServedByPriorityAndPlaceWhoeverAsksFirst()
    {
        Hello(slots: 2);
        Assert.Equal(new Placement(), book.Request(Sibling("c", 2), now));
        book.Request(Sibling("b", 1), now);
        book.Request(Sibling("d", 3, priority: 5), now);
        book.Sweep(now);
        Assert.Empty(book.Take().OfType<AgentsEffect.Place>());
        Assert.Equal("agent-1", book.Request(Sibling("a", 0), now).Agent);
        Assert.Equal("d", Assert.Single(book.Take().OfType<AgentsEffect.Place>()).Attempt.Job.Name);
        book.Sweep(now.AddSeconds(1.9));
        Assert.Empty(book.Take().OfType<AgentsEffect.Place>());
        book.Sweep(now.AddSeconds(2));
        Assert.Equal(["b", "c"], book.Take().OfType<AgentsEffect.Place>().Select(told => told.Attempt.Job.Name));
        Assert.Null(book.SettleAt);
    }

    [Fact]
    public void Request_OfJobsReadyTogetherOfWhichOneNeverAsks_GoesOnWithoutIt()
    {
        Hello(slots: 2);
        book.Request(Sibling("b", 1), now);
        book.Request(Sibling("c", 2), now);
        book.Request(Sibling("a", 0), now);
        Assert.Equal("agent-1", book.Request(Request(1), now).Agent);
        book.Take();
        now = book.SettleAt!.Value;
        book.Settle(now);
        Assert.Equal("a", Assert.Single(book.Take().OfType<AgentsEffect.Place>()).Attempt.Job.Name);
        Assert.Null(book.SettleAt);
        // Who asks later waits for nobody, and nobody for it.
        Assert.Equal(new Placement(), book.Request(Sibling("d", 3, priority: 5), now));
        Assert.Null(book.SettleAt);
        book.Sweep(now.AddSeconds(2));
        Assert.EndsWith("this job is next.", book.Take().OfType<AgentsEffect.Place>().First().Placement.WaitReason, StringComparison.Ordinal);
    }

    [Fact]
    public void Request_OfJobsReadyTogetherWithSlotsForAll_IsPlacedAtOnce()
    {
        Hello(slots: 4);
        foreach (var name in (string[])["d", "c", "b", "a"]) Assert.Equal("agent-1", book.Request(Sibling(name, name[0]), now).Agent);
        Assert.Null(book.SettleAt);
    }

    private static SlotRequest Sibling(string job, int position, int priority = 0) => new()
    {
        Attempt = AttemptId.FromKey($"default/demo/hello/1/{job}/1"),
        RunsOn = [],
        Since = Plans.Now,
        Position = position,
        Priority = priority,
        Together = 4,
    };

    [Fact]
    public void Line_DoesNotStopAtAJobThatNobodyCanServe()
    {
        book.Request(Request(1, ["gpu"]), now);
        book.Request(Request(2), now);
        book.Take();
        Hello();
        Assert.Equal(Attempt(2), Assert.Single(book.Take().OfType<AgentsEffect.Place>()).Attempt);
    }

    [Fact]
    public void Sweep_SilentAgent_GoesOfflineThenLosesWhatItHeld()
    {
        Hello();
        book.Request(Request(1), now);
        Assert.Equal(AgentStatus.Online, book.Take().OfType<AgentsEffect.Project>().Last().Summary.Status);
        now += TimeSpan.FromSeconds(10);
        book.Sweep(now);
        Assert.Equal(AgentStatus.Offline, Assert.Single(book.Take().OfType<AgentsEffect.Project>()).Summary.Status);
        Assert.Contains("offline since", book.Request(Request(2), now).WaitReason, StringComparison.Ordinal);
        now += TimeSpan.FromSeconds(110);
        book.Sweep(now);
        var lost = Assert.Single(book.Take().OfType<AgentsEffect.Lost>());
        Assert.Equal("Agent agent-1 was lost: no sign of life for 120 s.", lost.Reason);
        book.Buried(lost.Attempt, lost.Agent, now);
        book.Sweep(now);
        Assert.Empty(book.Take().OfType<AgentsEffect.Lost>());
    }

    [Fact]
    public void Beat_BackFromSilence_TakesJobsAgain()
    {
        Hello();
        now += TimeSpan.FromSeconds(11);
        book.Sweep(now);
        book.Request(Request(1), now);
        book.Take();
        Assert.True(Beat().Known);
        Assert.Equal(Attempt(1), Assert.Single(book.Take().OfType<AgentsEffect.Place>()).Attempt);
    }

    [Fact]
    public void Beat_OfAnotherSession_IsUnknown()
    {
        Assert.False(Beat().Known);
        Hello();
        Assert.False(Beat("s0").Known);
    }

    [Fact]
    public void Beat_WithAnAttemptThatIsNotInTheBooks_IsLookedInto()
    {
        Hello();
        book.Take();
        Beat("s1", Attempt(7).Key);
        Assert.Equal(Attempt(7), Assert.Single(book.Take().OfType<AgentsEffect.Verify>()).Attempt);
        Beat("s1", Attempt(7).Key);
        Assert.Empty(book.Take().OfType<AgentsEffect.Verify>());
        book.Verified(Attempt(7), "agent-1", holds: false, now);
        Assert.Equal([Attempt(7).Key], Beat("s1", Attempt(7).Key).Abandon);
        Assert.Empty(Beat().Abandon);
    }

    [Fact]
    public void Verified_TakesTheSlot()
    {
        Hello("agent-1", 1, "s1", Attempt(7).Key);
        book.Verified(Attempt(7), "agent-1", holds: true, now);
        Assert.NotNull(book.Request(Request(8), now).WaitReason);
        Assert.Equal("agent-1", book.Request(Request(7), now).Agent);
    }

    [Fact]
    public void Beat_WithoutWhatItHolds_TellsTheJobAfterTheGrace()
    {
        Hello();
        book.Request(Request(1), now);
        book.Take();
        Beat();
        Assert.Empty(book.Take().OfType<AgentsEffect.Place>());
        now += TimeSpan.FromSeconds(11);
        Beat();
        Assert.Equal((Attempt(1), "agent-1"), Assert.Single(book.Take().OfType<AgentsEffect.Place>()) is var told ? (told.Attempt, told.Placement.Agent) : default);
        Beat();
        Assert.Empty(book.Take().OfType<AgentsEffect.Place>());
    }

    [Fact]
    public void HeldBy_TakesTheSlotEvenOfAnAgentThatIsNotThere()
    {
        Assert.Equal("agent-9", book.Request(Request(1) with { HeldBy = "agent-9" }, now).Agent);
        Assert.Empty(book.Summaries);
        now += TimeSpan.FromMinutes(2);
        book.Sweep(now);
        Assert.Single(book.Take().OfType<AgentsEffect.Lost>());
    }

    [Fact]
    public void Drain_SurvivesTheAgentsSilence()
    {
        Assert.False(book.Drain("agent-1", drained: true, now));
        Hello();
        Assert.True(book.Drain("agent-1", drained: true, now));
        var stored = book.Take().OfType<AgentsEffect.Project>().Last().Summary;
        Assert.Equal((AgentStatus.Draining, true), (stored.Status, stored.Drained));
        var next = new AgentsBook(new GrainsOptions { PublicUrl = "http://localhost", TokenKey = new byte[32] });
        next.Load([stored], now);
        next.Hello(new() { Name = "agent-1", Session = "s2", Labels = [], Slots = 1 }, now);
        Assert.Contains("agent-1 is drained", next.Request(Request(1), now).WaitReason, StringComparison.Ordinal);
        next.Drain("agent-1", drained: false, now);
        Assert.Contains(next.Take(), effect => effect is AgentsEffect.Place { Placement.Agent: "agent-1" });
    }

    [Fact]
    public void Take_ProjectsOnlyWhatIsNew()
    {
        Hello();
        var first = Assert.Single(book.Take().OfType<AgentsEffect.Project>()).Summary;
        Beat();
        Assert.Empty(book.Take());
        book.Request(Request(1), now);
        var second = Assert.Single(book.Take().OfType<AgentsEffect.Project>()).Summary;
        Assert.Equal((first.Revision + 1, "demo/hello#1/lint"), (second.Revision, Assert.Single(second.Running)));
    }
}
