-- The journal becomes a Merkle log: an entry's hash is its leaf, and tiles hold the tree above.
create table registry.log_tiles (
  level int not null,
  number bigint not null,
  hashes bytea not null check (length(hashes) % 32 = 0 and length(hashes) <= 8192),
  primary key (level, number)
);
grant select, insert, update (hashes) on registry.log_tiles to hp_app;

-- A tile only grows: what is in it stays, byte for byte.
create function registry.refuse_rewrite() returns trigger language plpgsql as
$$ begin
  if tg_op <> 'UPDATE' or substr(new.hashes, 1, length(old.hashes)) <> old.hashes then
    raise exception 'the log is only appended to';
  end if;
  return new;
end $$;
create trigger append_only before update or delete on registry.log_tiles
  for each row execute function registry.refuse_rewrite();
create trigger never_emptied before truncate on registry.log_tiles
  execute function registry.refuse_change();
