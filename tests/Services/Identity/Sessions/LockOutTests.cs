using System.Net;
using MedCor.Identity.Sessions;

namespace MedCor.Tests.Services.Identity.Sessions;

public class LockOutTests
{
    [Fact]
    public async Task Repeated_failures_lock_and_then_the_right_password_is_refused_too()
    {
        var somebody = await TestUser.Create();
        for (var i = 0; i < LockOut.FreeAttempts; i++)
            Assert.Equal("AUTH_INVALID", (await TestUser.PostLogIn(somebody.Email, "wrong")).Code);

        var locked = await TestUser.PostLogIn(somebody.Email.ToUpperInvariant(), somebody.Password);

        Assert.Equal(HttpStatusCode.TooManyRequests, locked.Status);
        Assert.Equal("RATE_LIMIT", locked.Code);
        Assert.InRange((int)locked.Body["error"]!["retry_after"]!, 1, 30);
    }

    [Fact]
    public async Task An_address_that_nobody_has_locks_in_just_the_same_words()
    {
        var (nobody, somebody) = (TestUser.NewEmail(), (await TestUser.Create()).Email);
        for (var i = 0; i < LockOut.FreeAttempts + 1; i++)
        {
            var (a, b) = (await TestUser.PostLogIn(nobody, "wrong"), await TestUser.PostLogIn(somebody, "wrong"));
            Assert.Equal(a.Status, b.Status);
            Assert.Equal((string?)a.Body["error"]!["message"], (string?)b.Body["error"]!["message"]);
        }
        Assert.Equal("RATE_LIMIT", (await TestUser.PostLogIn(nobody, "wrong")).Code);
    }

    [Fact]
    public async Task Guesses_at_the_same_moment_do_not_slip_past_the_count()
    {
        var somebody = await TestUser.Create();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => TestUser.PostLogIn(somebody.Email, "wrong")));

        Assert.Equal(LockOut.FreeAttempts, answers.Count(a => a.Code == "AUTH_INVALID"));
        Assert.Equal(answers.Length - LockOut.FreeAttempts, answers.Count(a => a.Code == "RATE_LIMIT"));
    }

    [Fact]
    public async Task Right_passwords_at_the_same_moment_lock_nobody_out()
    {
        var somebody = await TestUser.Create();

        var answers = await Task.WhenAll(Enumerable.Range(0, LockOut.FreeAttempts + 3).Select(_ => TestUser.PostLogIn(somebody.Email, somebody.Password)));

        Assert.All(answers, a => Assert.Equal(HttpStatusCode.OK, a.Status));
    }

    [Fact]
    public async Task Whoever_guesses_from_elsewhere_does_not_keep_the_owner_out()
    {
        await using var identity = await ServiceProcess.StartService("identity");
        var somebody = await TestUser.Create();
        await LogIn("203.0.113.1", somebody.Password, HttpStatusCode.OK);

        for (var guess = 0; guess < LockOut.FreeAttemptsOfStrangers; guess++)
            await LogIn($"198.51.100.{guess / LockOut.FreeAttempts}", "wrong", HttpStatusCode.Unauthorized);

        await LogIn("198.51.100.77", somebody.Password, HttpStatusCode.TooManyRequests);
        await LogIn("203.0.113.1", "wrong", HttpStatusCode.Unauthorized);
        await LogIn("203.0.113.1", somebody.Password, HttpStatusCode.OK);

        async Task LogIn(string address, string password, HttpStatusCode expected)
        {
            using var answer = await identity.Post(null, "/api/auth/login", new { email = somebody.Email, password }, ("X-Client-Address", address));
            Assert.Equal(expected, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Whoever_guesses_in_the_same_network_does_not_keep_a_browser_out_in_which_the_owner_has_logged_in()
    {
        await using var identity = await ServiceProcess.StartService("identity");
        var somebody = await TestUser.Create();
        var cookie = await LogIn("203.0.113.1", somebody.Password, HttpStatusCode.OK);

        for (var guess = 0; guess < LockOut.FreeAttemptsOfStrangers; guess++)
            await LogIn($"198.51.100.{guess / LockOut.FreeAttempts}", "wrong", HttpStatusCode.Unauthorized);
        for (var guess = 0; guess < LockOut.FreeAttempts; guess++) await LogIn("203.0.113.1", "wrong", HttpStatusCode.Unauthorized);

        await LogIn("203.0.113.1", somebody.Password, HttpStatusCode.TooManyRequests);
        await LogIn("203.0.113.1", somebody.Password, HttpStatusCode.OK, cookie);
        await LogIn("198.51.100.77", somebody.Password, HttpStatusCode.OK, cookie);
        // The network of others stays locked, and the browser gets no more guesses than a network.
        await LogIn("203.0.113.1", somebody.Password, HttpStatusCode.TooManyRequests, "medcor-device=made-up");
        for (var guess = 0; guess < LockOut.FreeAttempts; guess++) await LogIn($"192.0.2.{guess}", "wrong", HttpStatusCode.Unauthorized, cookie);
        await LogIn("192.0.2.77", somebody.Password, HttpStatusCode.TooManyRequests, cookie);

        async Task<string?> LogIn(string address, string password, HttpStatusCode expected, string? sent = null)
        {
            using var answer = await identity.Post(null, "/api/auth/login", new { email = somebody.Email, password }, ("X-Client-Address", address),
                ("Cookie", sent ?? "other=1"));
            Assert.Equal(expected, answer.StatusCode);
            return answer.Headers.TryGetValues("Set-Cookie", out var cookies) ? Assert.Single(cookies).Split(';')[0] : null;
        }
    }

    [Fact]
    public async Task The_pages_remember_a_browser_too()
    {
        var somebody = await TestUser.Create();
        using var browser = await PageBrowser.Open();
        await browser.LogIn(somebody.Email, somebody.Password);

        for (var guess = 0; guess < LockOut.FreeAttempts; guess++)
            Assert.Equal("AUTH_INVALID", (await TestUser.PostLogIn(somebody.Email, "wrong")).Code);

        Assert.Equal("RATE_LIMIT", (await TestUser.PostLogIn(somebody.Email, somebody.Password)).Code);
        Assert.Equal("/oauth/account", (await browser.LogIn(somebody.Email, somebody.Password)).Path);
    }

    [Fact]
    public async Task A_browser_is_known_for_the_addresses_with_which_somebody_has_logged_in_there_and_for_no_others()
    {
        await using var identity = await ServiceProcess.StartService("identity");
        var (one, other) = (await TestUser.Create(), await TestUser.Create());
        using var first = await identity.Post(null, "/api/auth/login", new { email = one.Email, password = one.Password });
        var cookie = Assert.Single(first.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);

        for (var guess = 0; guess < LockOut.FreeAttempts; guess++) await Guess(HttpStatusCode.Unauthorized, "other=1");

        await Guess(HttpStatusCode.TooManyRequests, cookie.Split(';')[0]);

        async Task Guess(HttpStatusCode expected, string sent)
        {
            using var answer = await identity.Post(null, "/api/auth/login", new { email = other.Email, password = "wrong" }, ("Cookie", sent));
            Assert.Equal(expected, answer.StatusCode);
        }
    }

    [Fact]
    public async Task A_right_password_forgives_the_wrong_ones()
    {
        var somebody = await TestUser.Create();
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < LockOut.FreeAttempts - 1; i++) Assert.Equal("AUTH_INVALID", (await TestUser.PostLogIn(somebody.Email, "wrong")).Code);
            await somebody.LogIn();
        }
    }
}
