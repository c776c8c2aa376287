using System.Net;
using System.Text;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Identity.Keys;
using MedCor.ServiceDefaults.Access;
using MedCor.ServiceDefaults.Problems;
using MedCor.Tests.EndToEnd;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using StackExchange.Redis;

namespace MedCor.Tests.ServiceDefaults.Access;

/// <summary>What a process takes for a good token, and for how long. The keys are what Identity would publish; whoever has a private part can sign what they like with it.</summary>
public sealed class TokenValidatorTests : IAsyncLifetime
{
    private static readonly KeyEncryption Encryption = new("a secret of at least 32 characters!");
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly ManualTimeProvider clock = new();
    private readonly SigningKey key, other;
    private ConnectionMultiplexer redis = null!;
    private RevocationList revocations = null!;
    private TokenValidator check = null!;
    private PublishedKeys published = null!;

    public TokenValidatorTests() => (key, other) = (SigningKey.Create(Encryption, clock.Now, clock.Now), SigningKey.Create(Encryption, clock.Now, clock.Now));

    public async Task InitializeAsync()
    {
        redis = await MedCorFixture.ConnectRedis();
        revocations = new(redis, clock, NullLogger<RevocationList>.Instance);
        await revocations.Revoke(new Dictionary<Guid, DateTimeOffset> { [Guid.NewGuid()] = clock.Now }, Hour);
        published = new(key, other);
        check = new(new SigningKeyCache(published, clock), revocations, Options.Create(new TokenOptions()), clock);
    }

    [Fact]
    public async Task A_token_counts_from_when_it_is_issued_to_its_end()
    {
        var token = Token(key, clock.Now, clock.Now + Hour);

        Assert.Equal(clock.Now + Hour, (await check.Validate(token, default)).ExpiresAt);
        clock.Now += Hour;
        await Assert.ThrowsAsync<Unauthenticated>(async () => await check.Validate(token, default));
    }

    [Theory]
    [InlineData(0, 24 * 365 * 10, "for ten years")]
    [InlineData(0, 2, "for longer than is configured")]
    [InlineData(24 * 365 * 10, 24 * 365 * 10 + 1, "from ten years ahead")]
    [InlineData(-24 * 365, 1, "since a year ago")]
    [InlineData(null, 1, "without its beginning")]
    public async Task A_token_of_another_lifetime_than_tokens_have_is_refused_whoever_signed_it(int? issued, int ends, string why)
    {
        var token = Token(key, issued is { } hours ? clock.Now.AddHours(hours) : null, clock.Now.AddHours(ends));

        Assert.True(await Record.ExceptionAsync(async () => await check.Validate(token, default)) is Unauthenticated, why);
    }

    [Fact]
    public async Task Tokens_of_a_revoked_key_are_refused_even_when_cached()
    {
        var (stolen, good) = (Token(key, clock.Now, clock.Now + Hour), Token(other, clock.Now, clock.Now + Hour));
        var (thief, owner) = (await check.Validate(stolen, default), await check.Validate(good, default));

        await revocations.Revoke(new Dictionary<Guid, DateTimeOffset> { [SigningKey.ToRevocationId(key.Id)] = clock.Now }, Hour);

        // Remembered ones, new ones, and connections that stand open: the key itself is still in this process's memory.
        await Assert.ThrowsAsync<Unauthenticated>(async () => await check.Validate(stolen, default));
        await Assert.ThrowsAsync<Unauthenticated>(async () => await check.Validate(Token(key, clock.Now, clock.Now + Hour), default));
        Assert.False(check.IsStillValid(thief));
        Assert.True(check.IsStillValid(owner));
        Assert.Equal(owner, await check.Validate(good, default));
    }

    [Fact]
    public async Task A_token_tells_the_login_or_refresh_that_it_descends_from_and_one_of_a_version_before_none()
    {
        var refreshedAt = clock.Now.AddHours(-3);

        Assert.Equal(refreshedAt, (await check.Validate(Token(key, clock.Now, clock.Now + Hour, refreshedAt), default)).RefreshedAt);
        Assert.Null((await check.Validate(Token(key, clock.Now, clock.Now + Hour), default)).RefreshedAt);
    }

    [Fact]
    public async Task A_revocation_is_remembered_for_longer_than_lives_what_its_key_can_still_sign()
    {
        // By how much clocks may differ.
        var slack = TimeSpan.FromMinutes(1);
        var revokedAt = TokenValidator.KeyRevokedAt(clock.Now);
        await check.Validate(Token(key, clock.Now, clock.Now + Hour), default);
        // A process that is cut off from Identity does not learn that the key is withdrawn.
        published.IsAway = true;

        // At the last moment at which the key is still known here, the longest that is taken.
        clock.Now += SigningKeyCache.MaxStaleAge - TimeSpan.FromSeconds(1);
        var ends = (await check.Validate(Token(key, clock.Now + slack, clock.Now + slack + Hour + slack), default)).ExpiresAt;
        await Assert.ThrowsAsync<Unauthenticated>(async () => await check.Validate(Token(key, clock.Now + slack, clock.Now + slack + Hour + slack + TimeSpan.FromSeconds(1)), default));
        clock.Now += TimeSpan.FromSeconds(1);
        await Assert.ThrowsAsync<HttpRequestException>(async () => await check.Validate(Token(key, clock.Now, clock.Now + Hour), default));

        // Another replica of Identity than the one that revoked it may forget it, by a clock that is ahead.
        Assert.True(ends < revokedAt + TokenValidator.RevocationRetention(Hour) - slack, $"{ends} after {revokedAt}");
    }

    [Fact]
    public async Task While_Identity_is_down_cached_keys_are_used_for_at_most_a_day()
    {
        await check.Validate(Token(key, clock.Now, clock.Now + Hour), default);
        published.IsAway = true;

        clock.Now += SigningKeyCache.MaxStaleAge - TimeSpan.FromSeconds(1);
        await check.Validate(Token(key, clock.Now, clock.Now + Hour), default);
        clock.Now += TimeSpan.FromSeconds(1);
        await Assert.ThrowsAsync<HttpRequestException>(async () => await check.Validate(Token(key, clock.Now, clock.Now + Hour), default));

        published.IsAway = false;
        clock.Now += TimeSpan.FromSeconds(2);
        await check.Validate(Token(key, clock.Now, clock.Now + Hour), default);
    }

    private string Token(SigningKey by, DateTimeOffset? issuedAt, DateTimeOffset expiresAt, DateTimeOffset? refreshedAt = null)
    {
        var claims = new Dictionary<string, object>
        {
            [TokenClaims.UserId] = Guid.NewGuid().ToString(), [TokenClaims.Session] = Guid.NewGuid().ToString(), [TokenClaims.Role] = EnumNames.Of(Role.Admin), [TokenClaims.Email] = "a@b.example",
        };
        if (refreshedAt is { } then) claims[TokenClaims.RefreshedAt] = then.ToUnixTimeSeconds();
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = "medcor",
            Audience = "medcor",
            IssuedAt = issuedAt?.UtcDateTime,
            Expires = expiresAt.UtcDateTime,
            Claims = claims,
            SigningCredentials = by.ToSigningCredentials(Encryption),
        });
    }

    public Task DisposeAsync()
    {
        check.Dispose();
        redis.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>Where processes ask Identity for its keys.</summary>
    private sealed class PublishedKeys(params SigningKey[] keys) : HttpMessageHandler, IHttpClientFactory
    {
        private readonly List<SigningKey> keys = [.. keys];

        public bool IsAway { get; set; }

        public void Withdraw(SigningKey key) => keys.Remove(key);

        public HttpClient CreateClient(string name) => new(this, disposeHandler: false) { BaseAddress = new("http://identity") };

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => IsAway ? throw new HttpRequestException("away") : Task.FromResult(
            new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(JsonSerializer.Serialize(new { keys = keys.Select(k => k.ToPublicKey()) }, Json.Options), Encoding.UTF8, "application/json") });
    }
}
