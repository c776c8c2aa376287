using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Npgsql;

namespace MedCor.Tests.Fixtures;

/// <summary>Represents the authenticator app of a user, written after RFC 6238 and RFC 4226 alone.</summary>
internal sealed class TestAuthenticator(byte[] secret, Guid userId, IReadOnlyList<string> recoveryCodes)
{
    private const string Base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    public IReadOnlyList<string> RecoveryCodes => recoveryCodes;

    /// <summary>Sets up an app on the pages, as a user does.</summary>
    public static async Task<TestAuthenticator> SetUp(TestUser user)
    {
        using var browser = await PageBrowser.Open();
        return await SetUp(browser, await browser.LogIn(user.Email, user.Password, "/oauth/account/authenticator"), user.Id);
    }

    /// <summary>Sets up an app on a page that asks for it.</summary>
    public static async Task<TestAuthenticator> SetUp(PageBrowser browser, WebPage page, Guid userId)
    {
        var secret = Decode(page.Codes[0].Replace(" ", "", StringComparison.Ordinal));
        var done = await browser.Submit(page, ("code", Compute(secret, CurrentStep())));
        Assert.True(done.Codes.Count == 10, done.Html);
        return new(secret, userId, done.Codes);
    }

    /// <summary>Returns a code that is correct now and was not used before.</summary>
    public async Task<string> GetUnusedCode()
    {
        // As if the last login were long ago: a test need not wait for the next time step.
        await using var database = await (await MedCorFixture.Get()).OpenDatabase("identity");
        await using var forget = new NpgsqlCommand(
            "UPDATE authenticators SET last_step = 0 WHERE login_id = (SELECT login_id FROM memberships WHERE user_id = $1)", database)
        {
            Parameters = { new() { Value = userId } },
        };
        Assert.Equal(1, await forget.ExecuteNonQueryAsync());
        return Compute(secret, CurrentStep());
    }

    /// <summary>Returns the code of a time some steps from now.</summary>
    public string GetCode(int stepsFromNow) => Compute(secret, CurrentStep() + stepsFromNow);

    /// <summary>Returns a code of none of the time steps that could be accepted.</summary>
    public string GetWrongCode() => Enumerable.Range(0, 100).Select(i => i.ToString("D6", CultureInfo.InvariantCulture))
        .First(code => Enumerable.Range(-5, 11).All(step => GetCode(step) != code));

    internal static string Compute(byte[] secret, long step)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
#pragma warning disable CA5350 // RFC 6238 uses SHA-1 in an HMAC, as authenticator apps do.
        var hash = HMACSHA1.HashData(secret, counter);
#pragma warning restore CA5350
        var number = BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(hash[^1] & 0xF)) & 0x7FFF_FFFF;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    private static long CurrentStep() => DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 30;

    private static byte[] Decode(string base32)
    {
        var bits = string.Concat(base32.Select(c => Convert.ToString(Base32.IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        return [.. Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.Substring(i * 8, 8), 2))];
    }
}
