using MedCor.Identity;
using MedCor.Identity.Mails;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Tests.Services.Identity.Mails;

public class MailSenderTests
{
    private const string Unreachable = "smtp://localhost:1";

    [Fact]
    public async Task A_mail_that_cannot_be_sent_is_tried_again_later_and_deleted_when_it_is_sent()
    {
        await using var identity = await Create(Unreachable);
        await Add(identity, MailKind.PasswordReset);

        Assert.False(await identity.Get<MailSender>().SendNextAsync(CancellationToken.None));
        var waiting = Assert.Single(await Read(identity, db => db.Mails));
        Assert.Equal((1, identity.Clock.Now + TimeSpan.FromSeconds(5)), (waiting.Attempts, waiting.DueAt));
        // Nobody has its token.
        Assert.Empty(await Read(identity, db => db.AccountLinks));

        identity.Mail.Url = (await MedCorFixture.Get()).MailboxUrl;
        Assert.False(await identity.Get<MailSender>().SendNextAsync(CancellationToken.None));
        identity.Clock.Now += TimeSpan.FromSeconds(5);
        Assert.True(await identity.Get<MailSender>().SendNextAsync(CancellationToken.None));

        Assert.Empty(await Read(identity, db => db.Mails));
        Assert.Single(await Read(identity, db => db.AccountLinks));
        using var mailbox = await MailboxClient.Open();
        await mailbox.WaitFor(identity.Admin.Email!, "Set a new password");
    }

    [Fact]
    public async Task A_mail_that_has_expired_is_not_sent()
    {
        await using var identity = await Create((await MedCorFixture.Get()).MailboxUrl);
        await Add(identity, MailKind.PasswordReset);

        identity.Clock.Now += AccountLinks.Lifetime;

        Assert.False(await identity.Get<MailSender>().SendNextAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_mail_is_sent_by_one_of_several_replicas()
    {
        await using var identity = await Create((await MedCorFixture.Get()).MailboxUrl);
        await Add(identity, MailKind.PasswordChanged);

        var sent = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => identity.Get<MailSender>().SendNextAsync(CancellationToken.None)));

        Assert.Single(sent, isSent => isSent);
        using var mailbox = await MailboxClient.Open();
        Assert.Single(await mailbox.Read(identity.Admin.Email!));
    }

    [Fact]
    public async Task Without_a_mail_server_no_mail_waits()
    {
        await using var identity = await Create(url: null);

        await Add(identity, MailKind.PasswordChanged);

        Assert.Empty(await Read(identity, db => db.Mails));
    }

    [Fact]
    public async Task A_link_works_for_thirty_minutes()
    {
        await using var identity = await Create(url: null);
        var token = await identity.Execute(
            (IdentityDb _, AccountLinks links) => links.CreateAsync(identity.Admin.Id, LinkPurpose.PasswordReset, newEmail: null, CancellationToken.None));

        identity.Clock.Now += TimeSpan.FromMinutes(29);
        var link = (await Find())!;
        identity.Clock.Now += TimeSpan.FromMinutes(1);

        Assert.Null(await Find());
        Assert.False(await identity.Execute((IdentityDb _, AccountLinks links) => links.SpendAsync(link, CancellationToken.None)));

        Task<AccountLink?> Find() =>
            identity.Execute((IdentityDb _, AccountLinks links) => links.FindAsync(token, CancellationToken.None, LinkPurpose.PasswordReset));
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 10)]
    [InlineData(7, 320)]
    [InlineData(8, 600)]
    [InlineData(1000, 600)]
    public void Pauses_grow_up_to_ten_minutes(int attempts, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), MailSender.PauseAfter(attempts));

    private static async Task<IdentityFixture> Create(string? url)
    {
        var identity = await IdentityFixture.Create();
        identity.Mail.Url = url;
        return identity;
    }

    private static Task<int> Add(IdentityFixture identity, MailKind kind) => identity.Execute((IdentityDb db, MailQueue queue) =>
    {
        queue.Add(kind, identity.Admin.Id);
        return db.SaveChangesAsync();
    });

    private static Task<List<T>> Read<T>(IdentityFixture identity, Func<IdentityDb, IQueryable<T>> rows) =>
        identity.Execute((IdentityDb db, IServiceProvider _) => rows(db).ToListAsync());
}
