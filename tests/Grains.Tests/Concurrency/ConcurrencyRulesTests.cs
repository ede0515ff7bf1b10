using CsCheck;
using PRTS.Contracts.Concurrency;
using PRTS.Grains.Concurrency;

namespace PRTS.Grains.Tests.Concurrency;

public sealed class ConcurrencyRulesTests
{
    private static GroupEntry Entry(string member, bool cancel = false) => new() { Member = member, Name = $"#{member}", CancelInProgress = cancel };

    private static ConcurrencyState After(params GroupEntry[] entries) => entries.Aggregate(new ConcurrencyState(), (state, entry) => ConcurrencyRules.Enter(state, entry, Plans.Now));

    private static string Shown(ConcurrencyState state) =>
        $"{state.Holder?.Member}|{string.Join(',', state.Queue.Select(entry => entry.Member))}|{string.Join(',', state.Superseded.Select(other => other.Member))}";

    [Fact]
    public void Enter_Queues_InTheOrderOfComing()
    {
        var state = After(Entry("1"), Entry("2"), Entry("3"));
        Assert.Equal("1|2,3|", Shown(state));
        Assert.Same(state, ConcurrencyRules.Enter(state, Entry("2"), Plans.Now));
        Assert.True(ConcurrencyRules.Answer(state, "1", "g").Entered);
        Assert.Equal("Waits for its turn in the concurrency group g; before it: #1, #2.", ConcurrencyRules.Answer(state, "3", "g").WaitReason);
    }

    [Fact]
    public void Answer_SaysWhenTheTurnIsExpected()
    {
        var state = After(Entry("1") with { Usual = TimeSpan.FromMinutes(5) }, Entry("2") with { Usual = TimeSpan.FromMinutes(2) }, Entry("3"), Entry("4"));
        Assert.Equal(Plans.Now.AddMinutes(5), ConcurrencyRules.Answer(state, "2", "g").ExpectedStartAt);
        Assert.Equal(Plans.Now.AddMinutes(7), ConcurrencyRules.Answer(state, "3", "g").ExpectedStartAt);
        Assert.Null(ConcurrencyRules.Answer(state, "4", "g").ExpectedStartAt);
        var next = ConcurrencyRules.Leave(state, "1", Plans.Now.AddMinutes(9));
        Assert.Equal(Plans.Now.AddMinutes(11), ConcurrencyRules.Answer(next, "3", "g").ExpectedStartAt);
    }

    [Fact]
    public void Enter_ThatCancels_TakesThePlaceOfAllBefore()
    {
        var state = After(Entry("1"), Entry("2"), Entry("3", cancel: true));
        Assert.Equal("1|3|1,2", Shown(state));
        Assert.Equal("#3", state.Superseded[0].By);
        // Who was superseded does not come in again by asking.
        Assert.Same(state, ConcurrencyRules.Enter(state, Entry("2"), Plans.Now));
        Assert.Equal("3||2", Shown(ConcurrencyRules.Leave(state, "1", Plans.Now)));
    }

    [Fact]
    public void Leave_OfTheHolder_LetsTheNextIn()
    {
        var state = After(Entry("1"), Entry("2"), Entry("3"));
        Assert.Equal("1|3|", Shown(ConcurrencyRules.Leave(state, "2", Plans.Now)));
        Assert.Equal("2|3|", Shown(ConcurrencyRules.Leave(state, "1", Plans.Now)));
        Assert.Same(state, ConcurrencyRules.Leave(state, "4", Plans.Now));
    }

    /// <summary>Whatever comes and goes: somebody has the turn as long as somebody is there, and nobody is there twice.</summary>
    [Fact]
    public void Anything_KeepsTheInvariants() => Gen.Select(Gen.Int[0, 5], Gen.Bool, Gen.Bool).List[0, 60].Sample(steps =>
    {
        var state = new ConcurrencyState();
        foreach (var (member, enters, cancels) in steps)
        {
            var name = $"{member}";
            state = enters ? ConcurrencyRules.Enter(state, Entry(name, cancels), Plans.Now) : ConcurrencyRules.Leave(state, name, Plans.Now);
            var present = state.Queue.Select(entry => entry.Member).Concat(state.Holder is { } holder ? [holder.Member] : []).ToList();
            Assert.Equal(present.Count, present.Distinct().Count());
            Assert.True(state.Holder is not null || state.Queue.Count == 0);
        }
    });

    [Theory]
    [InlineData("default/demo/hello/builds/deploy/eu/1", "deploy/eu/1")]
    [InlineData("default/demo/hello/jobs/x", "x")]
    public void Keys_KeepTheGroupsName(string key, string group) => Assert.Equal(group, GroupKeys.NameOf(key));
}
