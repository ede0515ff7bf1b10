using System.Net;
using PRTS.Web.Access;

namespace PRTS.Web.Tests.Access;

public class FailureLimiterTests
{
    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }

    [Fact]
    public void Failed_ThirtyTimes_BlocksTheAddressForAWhileAndNoOther()
    {
        var clock = new Clock();
        var limiter = new FailureLimiter(clock);
        var (one, other) = (IPAddress.Parse("192.0.2.1"), IPAddress.Parse("192.0.2.2"));
        for (var n = 0; n < 29; n++) limiter.Failed(one);
        Assert.False(limiter.IsBlocked(one));
        limiter.Failed(one);
        Assert.True(limiter.IsBlocked(one));
        Assert.False(limiter.IsBlocked(other));
        clock.Now += TimeSpan.FromMinutes(5);
        Assert.False(limiter.IsBlocked(one));
    }
}
