using System.Net;
using MedCor.Tests.Services.Identity.Recovery;

namespace MedCor.Tests.Services.Identity.Users;

public class EraseUserTests
{
    [Fact]
    public async Task A_login_goes_on_opening_the_users_of_other_hospitals()
    {
        var linked = await LinkedUser.Create();

        await (await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).Call("erase_user", new { user_id = linked.First.Id });

        Assert.NotEqual(HttpStatusCode.OK, (await linked.PostLogIn(linked.First.HospitalId)).Status);
        Assert.Equal(HttpStatusCode.OK, (await linked.PostLogIn(linked.Second.HospitalId)).Status);
    }
}
