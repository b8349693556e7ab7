-- Grain : une ligne par ligne lue de la liste des REP et REP+, avec son sort.
with
    lues as (select * from raw_education_prioritaire),
    fichiers as (select * from stg_fichier where source = 'education_prioritaire'),

    nettoyees as (
        select
            fichier,
            ligne,
            uai_propre(uai) as uai,
            uai_propre(uai_tete_de_reseau) as uai_tete_reseau,
            replace(upper(texte(ep)), ' ', '') as ep_lue,
            upper(texte(type_d_etablissement)) as type_liste,
            texte(nom) as nom,
            texte(commune) as commune,
            -- sans colonne de département, celui de l'UAI : la liste la plus récente l'emporte
            coalesce(
                departement_de(departement),
                case when est_uai(uai_propre(uai)) then departement_de_uai(uai_propre(uai)) end
            ) as departement,
            uai as valeur_lue
        from lues
    ),

    -- un label écrit une fois pour plusieurs lignes (cellules fusionnées) vaut pour celles du
    -- dessous
    reportees as (
        select
            *,
            coalesce(
                ep_lue,
                last_value(ep_lue ignore nulls) over (
                    partition by fichier
                    order by ligne
                    rows between unbounded preceding and current row
                )
            ) as ep
        from nettoyees
    ),

    datees as (
        select
            reportees.*,
            fichiers.rang_millesime,
            min(fichiers.rang_millesime) over (
                partition by reportees.departement
            ) as rang_le_plus_recent
        from reportees
        left join fichiers on reportees.fichier = fichiers.fichier
    ),

    classees as (
        select
            *,
            -- deux labels : REP+ ; deux réseaux : le premier de la liste ; une ligne sans label
            -- connu, qui sera rejetée, n'en remplace aucune
            row_number() over (
                partition by uai
                order by
                    coalesce(ep, '') in ('REP', 'REP+') desc,
                    rang_millesime,
                    ep = 'REP+' desc,
                    fichier,
                    ligne
            ) as rang,
            count(distinct uai_tete_reseau) over (partition by uai, rang_millesime) as nb_reseaux,
            count(distinct ep) filter (where ep in ('REP', 'REP+')) over (
                partition by uai, rang_millesime
            ) as nb_labels
        from datees
    ),

    final as (
        select
            *,
            'education_prioritaire' as source,
            case
                when rang_millesime > rang_le_plus_recent
                then 'fusionnee'
                when not est_uai(uai) or coalesce(ep, '') not in ('REP', 'REP+')
                then 'rejetee'
                when rang > 1
                then 'fusionnee'
                else 'gardee'
            end as sort,
            case
                when rang_millesime > rang_le_plus_recent
                then 'remplacee_par_plus_recent'
                when uai is null
                then 'uai_absent'
                when not est_uai(uai)
                then 'uai_illisible'
                when coalesce(ep, '') not in ('REP', 'REP+')
                then 'ep_inconnue'
                when rang > 1 and nb_labels > 1
                then 'ep_deux_labels'
                when rang > 1 and nb_reseaux > 1
                then 'ecole_deux_reseaux'
                when rang > 1
                then 'uai_deux_lignes'
                when not cle_uai_juste(uai)
                then 'uai_cle_fausse'
                when ep_lue is null
                then 'label_reporte'
                when uai_a_perdu_un_zero(valeur_lue)
                then 'uai_zero_perdu'
                when valeur_lue != upper(valeur_lue)
                then 'uai_minuscules'
            end as anomalie,
            case
                when est_uai(uai) and coalesce(ep, '') not in ('REP', 'REP+') then 'ep' else 'uai'
            end as anomalie_colonne,
            case
                when est_uai(uai) and coalesce(ep, '') not in ('REP', 'REP+')
                then coalesce(ep_lue, '')
                else coalesce(texte(valeur_lue), nom, commune)
            end as anomalie_valeur
        from classees
    )

select *
from final
