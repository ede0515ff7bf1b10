namespace PRTS.Saml.Tests;

/// <summary>What the library says to a response of the tests' own identity provider.</summary>
internal static class ResponseChecks
{
    private static readonly SamlExpectations Right = new()
    {
        IdentityProvider = TestResponse.Idp,
        Certificates = [TestKeys.Rsa, TestKeys.NextRsa, TestKeys.P256, TestKeys.P384],
        ServiceProvider = TestResponse.Sp,
        AssertionConsumerUrl = TestResponse.Acs,
        Requests = [TestResponse.Request, "_req2"],
        DecryptionCertificates = [TestKeys.Ours],
        Clock = new FixedTime(TestResponse.Now),
    };

    extension(TestResponse)
    {
        public static SamlExpectations Expected => Right;

        public static SamlResult Read(string xml, SamlExpectations? expectations = null) => SamlResponse.Check(TestResponse.Form(xml), expectations ?? Right);

        public static SamlSignIn Accept(string xml, SamlExpectations? expectations = null)
        {
            var result = TestResponse.Read(xml, expectations);
            Assert.True(result is SamlResult.Accepted, (result as SamlResult.Rejected)?.Detail);
            return ((SamlResult.Accepted)result).SignIn;
        }

        public static void Reject(SamlRejection reason, string xml, SamlExpectations? expectations = null)
        {
            var rejected = Assert.IsType<SamlResult.Rejected>(TestResponse.Read(xml, expectations));
            Assert.True(rejected.Reason == reason, $"{rejected.Reason} instead of {reason}: {rejected.Detail}");
            Assert.InRange(rejected.Detail.Length, 10, 2000);
            Assert.DoesNotContain(rejected.Detail, char.IsControl);
        }
    }
}
