using System.Net;
using MedCor.Identity.Sessions;

namespace MedCor.Tests.Identity.Sessions;

public class LockOutTests
{
    [Fact]
    public void The_pause_grows_with_every_failure_up_to_an_hour()
    {
        Assert.All(Enumerable.Range(0, LockOut.FreeGuesses), n => Assert.Equal(TimeSpan.Zero, LockOut.After(n)));
        Assert.Equal(TimeSpan.FromSeconds(30), LockOut.After(LockOut.FreeGuesses));
        Assert.Equal(TimeSpan.FromSeconds(60), LockOut.After(LockOut.FreeGuesses + 1));
        Assert.Equal(TimeSpan.FromSeconds(120), LockOut.After(LockOut.FreeGuesses + 2));
        Assert.Equal(TimeSpan.FromHours(1), LockOut.After(LockOut.FreeGuesses + 10));
        Assert.Equal(TimeSpan.FromHours(1), LockOut.After(int.MaxValue));
    }

    [Fact]
    public async Task Repeated_failures_lock_and_then_the_right_password_is_refused_too()
    {
        var somebody = await Somebody.New();
        for (var i = 0; i < LockOut.FreeGuesses; i++)
            Assert.Equal("AUTH_INVALID", (await Somebody.TryLogIn(somebody.Email, "wrong")).Code);

        var locked = await Somebody.TryLogIn(somebody.Email.ToUpperInvariant(), somebody.Password);

        Assert.Equal(HttpStatusCode.TooManyRequests, locked.Status);
        Assert.Equal("RATE_LIMIT", locked.Code);
        Assert.InRange((int)locked.Body["error"]!["retry_after"]!, 1, 30);
    }

    [Fact]
    public async Task An_address_that_nobody_has_locks_in_just_the_same_words()
    {
        var (nobody, somebody) = (Somebody.NewEmail(), (await Somebody.New()).Email);
        for (var i = 0; i < LockOut.FreeGuesses + 1; i++)
        {
            var (a, b) = (await Somebody.TryLogIn(nobody, "wrong"), await Somebody.TryLogIn(somebody, "wrong"));
            Assert.Equal(a.Status, b.Status);
            Assert.Equal((string?)a.Body["error"]!["message"], (string?)b.Body["error"]!["message"]);
        }
        Assert.Equal("RATE_LIMIT", (await Somebody.TryLogIn(nobody, "wrong")).Code);
    }

    [Fact]
    public async Task Guesses_at_the_same_moment_do_not_slip_past_the_count()
    {
        var somebody = await Somebody.New();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Somebody.TryLogIn(somebody.Email, "wrong")));

        Assert.Equal(LockOut.FreeGuesses, answers.Count(a => a.Code == "AUTH_INVALID"));
        Assert.Equal(answers.Length - LockOut.FreeGuesses, answers.Count(a => a.Code == "RATE_LIMIT"));
    }

    [Fact]
    public async Task Right_passwords_at_the_same_moment_lock_nobody_out()
    {
        var somebody = await Somebody.New();

        var answers = await Task.WhenAll(Enumerable.Range(0, LockOut.FreeGuesses + 3).Select(_ => Somebody.TryLogIn(somebody.Email, somebody.Password)));

        Assert.All(answers, a => Assert.Equal(HttpStatusCode.OK, a.Status));
    }

    [Fact]
    public async Task A_right_password_forgives_the_wrong_ones()
    {
        var somebody = await Somebody.New();
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < LockOut.FreeGuesses - 1; i++) Assert.Equal("AUTH_INVALID", (await Somebody.TryLogIn(somebody.Email, "wrong")).Code);
            await somebody.LogIn();
        }
    }
}
