using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Accounts;

internal sealed class ListUsersHandler(IdentityDb db) : IHandle<ListUsers, Page<User>>
{
    private static readonly SortFields<Account> Sort = new SortFields<Account>("last_name,first_name")
    {
        { "last_name", a => a.LastName },
        { "first_name", a => a.FirstName },
        { "email", a => a.EmailKey },
        { "role", a => a.Role },
        { "created_at", a => a.CreatedAt },
        { "updated_at", a => a.UpdatedAt },
    }.Then(a => a.Id);

    public Task<Page<User>> Handle(ListUsers asked, CancellationToken ct)
    {
        var users = db.Seen();
        if (asked.Role is { } role) users = users.Where(a => a.Role == role);
        if (asked.HospitalId is { } hospital) users = users.Where(a => a.HospitalId == hospital);
        if (asked.IsActive is { } active) users = users.Where(a => a.IsActive == active);
        if (asked.Search is { Length: > 0 } search)
        {
            var like = Like.Containing(search);
            users = users.Where(a => EF.Functions.ILike(a.FirstName + " " + a.LastName, like) || EF.Functions.ILike(a.Email, like));
        }
        return users.Page(asked, Sort, a => a.ToUser(), ct);
    }
}
