using System.Net;
using System.Text;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Identity.Keys;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using StackExchange.Redis;

namespace MedCor.Tests.Services.ServiceDefaults.Authentication;

/// <summary>
/// Tests which tokens a process accepts, and for how long. The keys are those that Identity would publish; whoever holds a private key can sign any token with
/// it.
/// </summary>
public sealed class TokenValidatorTests : IAsyncLifetime
{
    /// <summary>The URL of the authorization server where none is configured, and that of MCP.</summary>
    private const string Server = TokenOptions.DefaultPublicUrl, Mcp = $"{Server}/mcp";

    private static readonly KeyEncryption Encryption = new("a secret of at least 32 characters!");
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly ManualTimeProvider _clock = new();
    private readonly SigningKey _key, _other;
    private ConnectionMultiplexer _redis = null!;
    private RevocationList _revocations = null!;
    private TokenValidator _check = null!;
    private PublishedKeys _published = null!;

    public TokenValidatorTests() =>
        (_key, _other) = (SigningKey.Create(Encryption, _clock.Now, _clock.Now), SigningKey.Create(Encryption, _clock.Now, _clock.Now));

    public async Task InitializeAsync()
    {
        _redis = await MedCorFixture.ConnectRedis();
        _revocations = new(_redis, _clock, NullLogger<RevocationList>.Instance);
        await _revocations.RevokeAsync(new Dictionary<Guid, DateTimeOffset> { [Guid.NewGuid()] = _clock.Now }, Hour);
        _published = new(_key, _other);
        _check = new(new SigningKeyCache(_published, _clock), _revocations, Options.Create(new TokenOptions()), _clock);
    }

    [Fact]
    public async Task A_token_counts_from_when_it_is_issued_to_its_end()
    {
        var token = Token(_key, _clock.Now, _clock.Now + Hour);

        Assert.Equal(_clock.Now + Hour, (await _check.ValidateAsync(token, default)).ExpiresAt);
        _clock.Now += Hour;
        await Assert.ThrowsAsync<Unauthenticated>(async () => await _check.ValidateAsync(token, default));
    }

    [Theory]
    [InlineData(0, 24 * 365 * 10, "for ten years")]
    [InlineData(0, 2, "for longer than is configured")]
    [InlineData(24 * 365 * 10, 24 * 365 * 10 + 1, "from ten years ahead")]
    [InlineData(-24 * 365, 1, "since a year ago")]
    [InlineData(null, 1, "without its beginning")]
    public async Task A_token_of_another_lifetime_than_tokens_have_is_refused_whoever_signed_it(int? issued, int ends, string why)
    {
        var token = Token(_key, issued is { } hours ? _clock.Now.AddHours(hours) : null, _clock.Now.AddHours(ends));

        Assert.True(await Record.ExceptionAsync(async () => await _check.ValidateAsync(token, default)) is Unauthenticated, why);
    }

    [Theory]
    [InlineData("", false, false)]
    [InlineData("people.write of.a.later.version", true, false)]
    [InlineData("of.a.later.version", false, false)]
    [InlineData("medcor.read  people.read", true, true)]
    public async Task A_token_permits_what_the_scopes_permit_that_this_version_knows(string scope, bool people, bool appointments)
    {
        var caller = await _check.ValidateAsync(
            Token(_key, _clock.Now, _clock.Now + Hour, more: new() { [TokenClaims.Scope] = scope, [TokenClaims.ClientId] = "an-app" }), default);

        Assert.Equal((people, appointments), (caller.Covers(Scope.Of("people", ScopeAction.Read)), caller.Covers(Scope.Of("appointments", ScopeAction.Read))));
        Assert.Equal("an-app", caller.ClientId);
    }

    [Fact]
    public async Task A_token_without_scopes_permits_everything_and_one_whose_scopes_are_no_text_nothing()
    {
        foreach (var unreadable in (object[])[Array.Empty<string>(), new[] { "people.read" }, 7, false])
        {
            var caller = await _check.ValidateAsync(Token(_key, _clock.Now, _clock.Now + Hour, more: new() { [TokenClaims.Scope] = unreadable }), default);
            Assert.DoesNotContain(Scopes.All, caller.Covers);
        }

        var whole = await _check.ValidateAsync(Token(_key, _clock.Now, _clock.Now + Hour), default);
        Assert.All(Scopes.All, scope => Assert.True(whole.Covers(scope)));
        Assert.Null(whole.ClientId);
    }

    [Fact]
    public async Task A_token_says_when_its_user_has_logged_in_and_how_recent_that_must_be()
    {
        var authenticatedAt = _clock.Now.AddMinutes(-15);
        var caller = await _check.ValidateAsync(Token(_key, _clock.Now, _clock.Now + Hour,
            more: new() { [TokenClaims.AuthenticatedAt] = authenticatedAt.ToUnixTimeSeconds(), [TokenClaims.StepUpAge] = 900 }), default);
        var other = await _check.ValidateAsync(Token(_key, _clock.Now, _clock.Now + Hour), default);

        Assert.Equal((authenticatedAt, TimeSpan.FromMinutes(15)), (caller.AuthenticatedAt, caller.StepUpAge));
        Assert.Equal((null, null), (other.AuthenticatedAt, other.StepUpAge));
        caller.RequireStepUp(_clock.Now);
        Assert.Throws<StepUpRequired>(() => caller.RequireStepUp(_clock.Now.AddSeconds(1)));
        other.RequireStepUp(_clock.Now);
    }

    [Fact]
    public async Task Tokens_of_a_revoked_key_are_refused_even_when_cached()
    {
        var (stolen, good) = (Token(_key, _clock.Now, _clock.Now + Hour), Token(_other, _clock.Now, _clock.Now + Hour));
        var (thief, owner) = (await _check.ValidateAsync(stolen, default), await _check.ValidateAsync(good, default));

        await _revocations.RevokeAsync(new Dictionary<Guid, DateTimeOffset> { [SigningKey.ToRevocationId(_key.Id)] = _clock.Now }, Hour);

        // Cached tokens, new tokens and open connections are all refused, although the key itself is still cached in this process.
        await Assert.ThrowsAsync<Unauthenticated>(async () => await _check.ValidateAsync(stolen, default));
        await Assert.ThrowsAsync<Unauthenticated>(async () => await _check.ValidateAsync(Token(_key, _clock.Now, _clock.Now + Hour), default));
        Assert.False(_check.IsStillValid(thief));
        Assert.True(_check.IsStillValid(owner));
        Assert.Equal(owner, await _check.ValidateAsync(good, default));
    }

    [Fact]
    public async Task A_token_is_younger_than_a_revocation_by_a_millisecond_and_one_of_a_version_before_by_a_second()
    {
        var issuedAt = _clock.Now.AddMilliseconds(400);
        var caller = await _check.ValidateAsync(
            Token(_key, _clock.Now, _clock.Now + Hour, more: new() { [TokenClaims.IssuedAt] = issuedAt.ToUnixTimeMilliseconds() }), default);
        var former = await _check.ValidateAsync(Token(_key, _clock.Now, _clock.Now + Hour), default);
        Assert.Equal((issuedAt, _clock.Now), (caller.IssuedAt, former.IssuedAt));

        await Revoke(caller, issuedAt.AddMilliseconds(-1));
        Assert.True(_check.IsStillValid(caller));
        await Revoke(caller, issuedAt);
        Assert.False(_check.IsStillValid(caller));
        await Revoke(former, _clock.Now);
        Assert.False(_check.IsStillValid(former));

        Task Revoke(Caller user, DateTimeOffset at) => _revocations.RevokeAsync(new Dictionary<Guid, DateTimeOffset> { [user.UserId] = at }, Hour);
    }

    [Fact]
    public async Task A_token_tells_the_login_or_refresh_that_it_descends_from_and_one_of_a_version_before_none()
    {
        var refreshedAt = _clock.Now.AddHours(-3);

        Assert.Equal(refreshedAt, (await _check.ValidateAsync(Token(_key, _clock.Now, _clock.Now + Hour, refreshedAt), default)).RefreshedAt);
        Assert.Null((await _check.ValidateAsync(Token(_key, _clock.Now, _clock.Now + Hour), default)).RefreshedAt);
    }

    [Fact]
    public async Task A_revocation_is_remembered_for_longer_than_lives_what_its_key_can_still_sign()
    {
        // The maximum clock skew.
        var slack = TimeSpan.FromMinutes(1);
        var revokedAt = TokenValidator.KeyRevokedAt(_clock.Now);
        await _check.ValidateAsync(Token(_key, _clock.Now, _clock.Now + Hour), default);
        // A process that is cut off from Identity does not learn that the key is withdrawn.
        _published.IsAway = true;

        // At the last moment at which the key is still cached here, the longest-lived token that is accepted.
        _clock.Now += SigningKeyCache.MaxStaleAge - TimeSpan.FromSeconds(1);
        var ends = (await _check.ValidateAsync(Token(_key, _clock.Now + slack, _clock.Now + slack + Hour + slack), default)).ExpiresAt;
        await Assert.ThrowsAsync<Unauthenticated>(
            async () => await _check.ValidateAsync(Token(_key, _clock.Now + slack, _clock.Now + slack + Hour + slack + TimeSpan.FromSeconds(1)), default));
        _clock.Now += TimeSpan.FromSeconds(1);
        await Assert.ThrowsAsync<HttpRequestException>(async () => await _check.ValidateAsync(Token(_key, _clock.Now, _clock.Now + Hour), default));

        // A replica of Identity other than the one that added the revocation may remove it, and its clock may be ahead.
        Assert.True(ends < revokedAt + TokenValidator.RevocationRetention(Hour) - slack, $"{ends} after {revokedAt}");
    }

    [Fact]
    public async Task While_Identity_is_down_cached_keys_are_used_for_at_most_a_day()
    {
        await _check.ValidateAsync(Token(_key, _clock.Now, _clock.Now + Hour), default);
        _published.IsAway = true;

        _clock.Now += SigningKeyCache.MaxStaleAge - TimeSpan.FromSeconds(1);
        await _check.ValidateAsync(Token(_key, _clock.Now, _clock.Now + Hour), default);
        _clock.Now += TimeSpan.FromSeconds(1);
        await Assert.ThrowsAsync<HttpRequestException>(async () => await _check.ValidateAsync(Token(_key, _clock.Now, _clock.Now + Hour), default));

        _published.IsAway = false;
        _clock.Now += TimeSpan.FromSeconds(2);
        await _check.ValidateAsync(Token(_key, _clock.Now, _clock.Now + Hour), default);
    }

    [Theory]
    [InlineData("at+jwt", Server, Mcp, "medcor.read", "an-app", true)]
    [InlineData("JWT", Server, Mcp, "medcor.read", "an-app", false)]
    [InlineData("at+jwt", "medcor", Mcp, "medcor.read", "an-app", false)]
    [InlineData("at+jwt", Server, "medcor", "medcor.read", "an-app", false)]
    [InlineData("at+jwt", Server, $"{Mcp} medcor", "medcor.read", "an-app", false)]
    [InlineData("at+jwt", Server, Mcp, null, "an-app", false)]
    [InlineData("at+jwt", Server, Mcp, "", "an-app", false)]
    [InlineData("at+jwt", Server, Mcp, "medcor.read", null, false)]
    public async Task A_token_for_MCP_has_been_issued_to_a_client_for_scopes_and_for_nothing_else(string type, string issuer, string audiences, string? scope,
        string? client, bool isValid)
    {
        using var check = new McpTokenValidator(new SigningKeyCache(_published, _clock), _revocations, Options.Create(new TokenOptions()), _clock);
        var claims = new Dictionary<string, object>
        {
            [TokenClaims.UserId] = Guid.NewGuid().ToString(), [TokenClaims.Session] = Guid.NewGuid().ToString(), [TokenClaims.Role] = EnumNames.Of(Role.Admin),
        };
        if (scope is not null) claims[TokenClaims.Scope] = scope;
        if (client is not null) claims[TokenClaims.ClientId] = client;
        var described = new SecurityTokenDescriptor
        {
            TokenType = type,
            Issuer = issuer,
            IssuedAt = _clock.Now.UtcDateTime,
            Expires = (_clock.Now + Hour).UtcDateTime,
            Claims = claims,
            SigningCredentials = _key.ToSigningCredentials(Encryption),
        };
        foreach (var audience in audiences.Split(' ')) described.Audiences.Add(audience);
        var token = new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(described);

        var refused = await Record.ExceptionAsync(async () => await check.ValidateAsync(token, default));

        Assert.Equal(isValid, refused is null);
        Assert.True(refused is null or Unauthenticated, $"{refused}");
    }

    private string Token(SigningKey by, DateTimeOffset? issuedAt, DateTimeOffset expiresAt, DateTimeOffset? refreshedAt = null,
        Dictionary<string, object>? more = null)
    {
        var claims = new Dictionary<string, object>(more ?? [])
        {
            [TokenClaims.UserId] = Guid.NewGuid().ToString(), [TokenClaims.Session] = Guid.NewGuid().ToString(), [TokenClaims.Role] = EnumNames.Of(Role.Admin),
            [TokenClaims.Email] = "a@b.example",
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
        _check.Dispose();
        _redis.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>Serves the keys that Identity publishes.</summary>
    private sealed class PublishedKeys(params SigningKey[] keys) : HttpMessageHandler, IHttpClientFactory
    {
        private readonly List<SigningKey> _keys = [.. keys];

        public bool IsAway { get; set; }

        public void Withdraw(SigningKey key) => _keys.Remove(key);

        public HttpClient CreateClient(string name) => new(this, disposeHandler: false) { BaseAddress = new("http://identity") };

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            IsAway ? throw new HttpRequestException("away") : Task.FromResult(
                new HttpResponseMessage(HttpStatusCode.OK)
                {
                    Content = new StringContent(JsonSerializer.Serialize(new { keys = _keys.Select(k => k.ToPublicKey()) }, Json.Options),
                        Encoding.UTF8, "application/json")
                });
    }
}
