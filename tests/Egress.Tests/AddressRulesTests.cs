using System.Net;
using CsCheck;

namespace PRTS.Egress.Tests;

public sealed class AddressRulesTests
{
    [Theory]
    [InlineData("8.8.8.8", AddressKind.Public)]
    [InlineData("1.1.1.1", AddressKind.Public)]
    [InlineData("172.15.255.255", AddressKind.Public)]
    [InlineData("172.32.0.0", AddressKind.Public)]
    [InlineData("100.63.255.255", AddressKind.Public)]
    [InlineData("223.255.255.255", AddressKind.Public)]
    [InlineData("0.0.0.0", AddressKind.Unspecified)]
    [InlineData("0.1.2.3", AddressKind.Unspecified)]
    [InlineData("127.0.0.1", AddressKind.Loopback)]
    [InlineData("127.255.255.254", AddressKind.Loopback)]
    [InlineData("10.0.0.1", AddressKind.Private)]
    [InlineData("172.16.0.1", AddressKind.Private)]
    [InlineData("172.31.255.255", AddressKind.Private)]
    [InlineData("192.168.1.1", AddressKind.Private)]
    [InlineData("100.64.0.1", AddressKind.Shared)]
    [InlineData("169.254.1.1", AddressKind.LinkLocal)]
    [InlineData("169.254.169.254", AddressKind.Metadata)]
    [InlineData("169.254.170.2", AddressKind.Metadata)]
    [InlineData("100.100.100.200", AddressKind.Metadata)]
    [InlineData("168.63.129.16", AddressKind.Metadata)]
    [InlineData("224.0.0.1", AddressKind.Multicast)]
    [InlineData("239.255.255.255", AddressKind.Multicast)]
    [InlineData("192.0.2.1", AddressKind.Documentation)]
    [InlineData("198.18.0.1", AddressKind.Reserved)]
    [InlineData("192.0.0.8", AddressKind.Reserved)]
    [InlineData("240.0.0.1", AddressKind.Reserved)]
    [InlineData("255.255.255.255", AddressKind.Reserved)]
    [InlineData("2606:4700:4700::1111", AddressKind.Public)]
    [InlineData("::", AddressKind.Unspecified)]
    [InlineData("::1", AddressKind.Loopback)]
    [InlineData("fc00::1", AddressKind.Private)]
    [InlineData("fdff:ffff::1", AddressKind.Private)]
    [InlineData("fec0::1", AddressKind.Private)]
    [InlineData("fe80::1", AddressKind.LinkLocal)]
    [InlineData("febf::1", AddressKind.LinkLocal)]
    [InlineData("fe80::1%1", AddressKind.LinkLocal)]
    [InlineData("fd00:ec2::254", AddressKind.Metadata)]
    [InlineData("ff02::1", AddressKind.Multicast)]
    [InlineData("2001:db8::1", AddressKind.Documentation)]
    [InlineData("3fff::1", AddressKind.Documentation)]
    [InlineData("100::1", AddressKind.Reserved)]
    [InlineData("5f00::1", AddressKind.Reserved)]
    // What ends at an IPv4 address is what that one is.
    [InlineData("::ffff:127.0.0.1", AddressKind.Loopback)]
    [InlineData("::ffff:7f00:1", AddressKind.Loopback)]
    [InlineData("::ffff:169.254.169.254", AddressKind.Metadata)]
    [InlineData("::ffff:8.8.8.8", AddressKind.Public)]
    [InlineData("64:ff9b::10.0.0.1", AddressKind.Private)]
    [InlineData("64:ff9b::8.8.8.8", AddressKind.Public)]
    [InlineData("2606:4700::5efe:10.0.0.1", AddressKind.Private)]
    [InlineData("2606:4700::200:5efe:127.0.0.1", AddressKind.Loopback)]
    // And where nobody can tell, it is refused.
    [InlineData("::127.0.0.1", AddressKind.Reserved)]
    [InlineData("::ffff:0:127.0.0.1", AddressKind.Reserved)]
    [InlineData("64:ff9b:1::10.0.0.1", AddressKind.Reserved)]
    [InlineData("2002:7f00:1::", AddressKind.Reserved)]
    [InlineData("2001:0:4136:e378:8000:63bf:3fff:fdd2", AddressKind.Reserved)]
    public void KindOf_Address_IsWhatItsRegistrySays(string address, AddressKind kind) => Assert.Equal(kind, AddressKinds.Of(IPAddress.Parse(address)));

    [Fact]
    public void KindOf_EveryIPv4Address_IsTheSameInsideIPv6() => Gen.Byte.Array[4].Sample(bytes =>
    {
        var address = new IPAddress(bytes);
        var kind = AddressKinds.Of(address);
        Assert.Equal(kind, AddressKinds.Of(address.MapToIPv6()));
        Assert.Equal(kind, AddressKinds.Of(new IPAddress([0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, .. bytes])));
        // The frameworks that others trust agree about the obvious.
        var isObvious = bytes[0] is 10 or 127 or >= 224 || (bytes[0] == 192 && bytes[1] == 168) || (bytes[0] == 172 && bytes[1] is >= 16 and < 32) || (bytes[0] == 169 && bytes[1] == 254);
        Assert.True(!isObvious || kind != AddressKind.Public, address.ToString());
    });

    [Fact]
    public void Check_IPv6OutsideOfGlobalUnicast_IsRefused() => Gen.Byte.Array[16].Where(bytes => bytes[0] >> 5 != 1).Sample(bytes =>
    {
        var address = new IPAddress(bytes);
        Assert.True(AddressKinds.Embedded(address) is not null || AddressRules.Strict.Check("host.test", 443, address) is not null, address.ToString());
    });

    [Theory]
    [InlineData("10.0.0.0/8", "any.test", "10.1.2.3", 9000, true)]
    [InlineData("10.0.0.0/8", "any.test", "::ffff:10.1.2.3", 443, true)]
    [InlineData("10.0.0.0/8", "any.test", "11.0.0.1", 9000, false)]
    [InlineData("10.0.0.0/8", "any.test", "192.168.0.1", 443, false)]
    [InlineData("10.1.2.3:9000", "any.test", "10.1.2.3", 9000, true)]
    [InlineData("10.1.2.3:9000", "any.test", "10.1.2.3", 443, false)]
    [InlineData("[fd00::1]:9000", "any.test", "fd00::1", 9000, true)]
    [InlineData("fd00::/8", "any.test", "fd12::1", 80, true)]
    [InlineData("git.corp.test", "git.corp.test", "10.0.0.1", 3000, true)]
    [InlineData("git.corp.test", "GIT.corp.test", "127.0.0.1", 443, true)]
    [InlineData("git.corp.test", "evil-git.corp.test", "10.0.0.1", 443, false)]
    [InlineData("git.corp.test:3000", "git.corp.test", "10.0.0.1", 443, false)]
    [InlineData("*.corp.test", "a.b.corp.test", "10.0.0.1", 443, true)]
    [InlineData("*.corp.test", "corp.test", "10.0.0.1", 443, false)]
    // A name's owner decides what it resolves to; nobody allows a machine's credentials by a name.
    [InlineData("git.corp.test", "git.corp.test", "169.254.169.254", 80, false)]
    [InlineData("git.corp.test", "git.corp.test", "::ffff:169.254.169.254", 80, false)]
    [InlineData("169.254.169.254", "git.corp.test", "169.254.169.254", 80, true)]
    [InlineData("", "any.test", "8.8.8.8", 443, true)]
    [InlineData("", "any.test", "8.8.8.8", 22, false)]
    [InlineData("any.test:22", "any.test", "8.8.8.8", 22, true)]
    public void Check_Allowed_IsWhatTheSettingSays(string allow, string host, string address, int port, bool allowed)
    {
        var rules = AddressRules.Parse(allow, out var problems);
        Assert.Empty(problems);
        var refused = rules.CheckPort(host, port) ?? rules.Check(host, port, IPAddress.Parse(address));
        Assert.Equal(allowed, refused is null);
        if (refused is not null) Assert.Equal("PRTS_EGRESS_ALLOW", refused.Setting);
    }

    [Theory]
    [InlineData("10.0.0.0/33")]
    [InlineData("300.1.1.1")]
    [InlineData("10.1")]
    [InlineData("host:0")]
    [InlineData("host:x")]
    [InlineData("http://host")]
    [InlineData("0177.0.0.1")]
    [InlineData("*")]
    public void Parse_WrongEntry_IsTold(string entry)
    {
        AddressRules.Parse($"good.test,{entry}", out var problems);
        Assert.Contains($"'{entry}'", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Check_Refused_SaysWhatAndWhichSetting()
    {
        var refused = AddressRules.Strict.Check("hook.test", 443, IPAddress.Parse("10.0.0.7"));
        Assert.Equal("hook.test resolves to 10.0.0.7, which is an address of a private network: PRTS_EGRESS_ALLOW=10.0.0.7 would allow it.", refused?.Message);
        Assert.Equal("Port 22 of hook.test is none of the web's (80, 443, 8080, 8443): PRTS_EGRESS_ALLOW=hook.test:22 would allow it.", AddressRules.Strict.CheckPort("hook.test", 22)?.Message);
    }
}
